#include <cohort/http/files/static_files.hpp>

#include <cohort/http/date.hpp>
#include <cohort/http/files/detail/site_test.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

struct scene : site {
    explicit scene(static_options options = {})
        : served{files.path(), std::move(options)}
    {
        served.serve(h.api, "/s/{path...}");
    }
    static_files served;
};

}  // namespace

TEST_CASE("a file is sent with its type, its tag and its date, and only once")
{
    scene s;
    s.files.write("a.html", "<p>");
    s.files.date("a.html", 784'111'777);
    const site_answer first = s.get("/s/a.html");
    CHECK(first.status() == "200");
    CHECK(first.body == "<p>");
    CHECK(first.field("Content-Type") == "text/html; charset=utf-8");
    CHECK(first.field("Content-Length") == "3");
    CHECK(first.field("Last-Modified") == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(first.field("Cache-Control") == "no-cache");
    CHECK(first.field("X-Content-Type-Options") == "nosniff");
    CHECK(first.field("Accept-Ranges") == "bytes");
    CHECK(first.field("Vary") == "Accept-Encoding");
    const std::string etag = first.field("ETag");
    CHECK(etag.size() == 18);

    const site_answer again = s.get("/s/a.html", "If-None-Match: " + etag + "\r\n");
    CHECK(again.status() == "304");
    CHECK(again.body.empty());
    CHECK(again.field("ETag") == etag);
    CHECK(s.get("/s/a.html", "If-Modified-Since: " + first.field("Last-Modified") + "\r\n")
              .status() == "304");
    CHECK(s.get("/s/a.html", "If-Match: \"x\"\r\n").status() == "412");

    const site_answer head = s.ask("HEAD", "/s/a.html");
    CHECK(head.status() == "200");
    CHECK(head.field("Content-Length") == "3");
    CHECK(head.field("ETag") == etag);
    CHECK(head.body.empty());
    const site_answer posted = s.ask("POST", "/s/a.html");
    CHECK(posted.status() == "405");
    CHECK(posted.field("Allow").find("GET") != std::string::npos);
}

TEST_CASE("nothing outside of the folder is sent, and nothing hidden")
{
    scene s;
    const site_folder outside;
    outside.write("secret", "secret");
    s.files.write("a/b.txt", "b");
    s.files.write(".env", "secret");
    s.files.write(".git/config", "secret");
    s.files.write("back\\slash", "secret");
    std::filesystem::create_symlink(outside / "secret", s.files / "link");
    std::filesystem::create_symlink(outside.path(), s.files / "out");
    std::filesystem::create_symlink("a", s.files / "inside");
    REQUIRE(::mkfifo((s.files / "fifo").c_str(), 0600) == 0);
    CHECK(s.get("/s/a/b.txt").body == "b");
    for (const char* const path : {"/s/../secret",
                                   "/s/%2e%2e/secret",
                                   "/s/a/%2E%2e/a/b.txt",
                                   "/s/.%2e/x",
                                   "/s/link",
                                   "/s/out/secret",
                                   "/s/inside/b.txt",
                                   "/s/.env",
                                   "/s/.git/config",
                                   "/s/%2eenv",
                                   "/s/fifo",
                                   "/s/a%2fb.txt",
                                   "/s/a%00",
                                   "/s/back%5cslash",
                                   "/s//a/b.txt",
                                   "/s/a//b.txt",
                                   "/s/a/b.txt/",
                                   "/s/a/b.txt/c",
                                   "/s/none",
                                   "/s/a",
                                   "/s/a/",
                                   "/s/",
                                   "/s//",
                                   "/s/a%0ab",
                                   "/s/.",
                                   "/s/%ff"})
    {
        CAPTURE(path);
        const site_answer refused = s.get(path);
        CHECK((refused.status() == "404" || refused.status() == "400"));
        CHECK(refused.body.find("secret") == std::string::npos);
        CHECK(refused.field("Content-Type") == "application/problem+json");
    }
    CHECK(s.get("/s/" + std::string(300, 'n')).status() == "404");
}

TEST_CASE("a file that may not be read is 403, and a folder that is not there is a problem of ours")
{
    scene s;
    s.files.write("closed", "secret");
    REQUIRE(::chmod(s.files.path().c_str(), 0755) == 0);
    REQUIRE(::chmod((s.files / "closed").c_str(), 0) == 0);
    // Root may read everything, so somebody else asks.
    const uid_t us = ::geteuid();
    constexpr uid_t nobody = 65'534;
    REQUIRE((us != 0 || ::seteuid(nobody) == 0));
    const site_answer refused = s.get("/s/closed");
    REQUIRE((us != 0 || ::seteuid(us) == 0));
    CHECK(refused.status() == "403");
    CHECK(refused.body.find("secret") == std::string::npos);

    site lost;
    static_files{lost.files / "none"}.serve(lost.h.api, "/{path...}");
    CHECK(lost.get("/a").status() == "503");
    CHECK(lost.get("/a").field("Retry-After") == "1");
}

TEST_CASE("links inside and hidden files are sent if they are allowed, by name")
{
    scene s{{.dotfiles = dotfiles::served, .symlinks = symlinks::inside}};
    s.files.write(".well-known/a", "hidden");
    const site_folder outside;
    outside.write("secret", "secret");
    std::filesystem::create_symlink(".well-known", s.files / "link");
    std::filesystem::create_symlink(outside / "secret", s.files / "out");
    CHECK(s.get("/s/.well-known/a").body == "hidden");
    CHECK(s.get("/s/link/a").body == "hidden");
    CHECK(s.get("/s/out").status() == "404");
}

TEST_CASE("a folder has its index, and a redirect to it stays on this site")
{
    scene s;
    s.files.write("index.html", "root");
    s.files.write("sub/index.html", "sub");
    s.files.write("bare/a.txt", "a");
    CHECK(s.get("/s/").body == "root");
    CHECK(s.get("/s/sub/").body == "sub");
    const site_answer moved = s.get("/s/sub?a=1");
    CHECK(moved.status() == "301");
    CHECK(moved.field("Location") == "/s/sub/?a=1");
    CHECK(s.get("/s/bare/").status() == "404");
    CHECK(s.get("/s/bare").status() == "404");

    site root;
    root.files.write("evil.example/index.html", "x");
    static_files{root.files.path()}.serve(root.h.api, "/{path...}");
    CHECK(root.get("/evil.example").field("Location") == "/evil.example/");
    CHECK(root.get("//evil.example").status() == "404");
    CHECK(root.get("/%2fevil.example").status() == "400");
}

TEST_CASE("a compressed file beside is sent to who takes it, unless it is older")
{
    scene s;
    s.files.write("app.js", "plain");
    s.files.write("app.js.gz", "gzipped");
    s.files.write("app.js.br", "brotli");
    const site_answer both = s.get("/s/app.js", "Accept-Encoding: gzip, br\r\n");
    CHECK(both.body == "brotli");
    CHECK(both.field("Content-Encoding") == "br");
    CHECK(both.field("Content-Type") == "text/javascript; charset=utf-8");
    CHECK(both.field("Vary") == "Accept-Encoding");
    const site_answer gzip = s.get("/s/app.js", "Accept-Encoding: gzip\r\n");
    CHECK(gzip.body == "gzipped");
    CHECK(gzip.field("ETag") != both.field("ETag"));
    CHECK(s.get("/s/app.js").body == "plain");
    CHECK(s.get("/s/app.js", "Accept-Encoding: zstd\r\n").body == "plain");
    const site_answer lines =
        s.get("/s/app.js", "Accept-Encoding: zstd\r\nAccept-Encoding: gzip, br\r\n");
    CHECK(lines.body == both.body);
    const std::string known = "If-None-Match: " + std::string{both.field("ETag")} + "\r\n";
    const site_answer same = s.get("/s/app.js", "Accept-Encoding: br\r\n" + known);
    CHECK(same.status() == "304");
    CHECK(same.field("Content-Encoding").empty());
    CHECK(s.get("/s/app.js", "Accept-Encoding: br\r\nRange: bytes=1-2\r\n").body == "ro");
    s.files.date("app.js.br", 784'111'777);
    scene later{{.trusted_for = nanoseconds{0}}};
    later.files.write("app.js", "plain");
    later.files.write("app.js.br", "stale");
    later.files.date("app.js.br", 784'111'777);
    CHECK(later.get("/s/app.js", "Accept-Encoding: br\r\n").body == "plain");
}

TEST_CASE("names that hold a fingerprint may be kept for ever, if that is wanted")
{
    scene s{{.fingerprints = fingerprints::kept_for_ever}};
    for (const char* const name : {"app-3f9c2d1e.js", "app.3F9C2D1E.js"}) {
        s.files.write(name, "x");
        CHECK(s.get("/s/" + std::string{name}).field("Cache-Control") ==
              "public, max-age=31536000, immutable");
    }
    for (const char* const name : {"app-3f9c.js", "app.notahexa.js", "3f9c2d1e.js", "app-.js"}) {
        s.files.write(name, "x");
        CHECK(s.get("/s/" + std::string{name}).field("Cache-Control") == "no-cache");
    }
}

TEST_CASE("small files come from memory, and a change is seen when they are looked at again")
{
    scene s{{.trusted_for = seconds{1000}}};
    s.files.write("a.txt", "old");
    CHECK(s.get("/s/a.txt").body == "old");
    CHECK(s.get("/s/a.txt").body == "old");
    CHECK(s.served.counters().hits == 1);
    CHECK(s.served.counters().misses == 1);

    scene sceptic{{.trusted_for = nanoseconds{0}}};
    sceptic.files.write("a.txt", "old");
    const site_answer before = sceptic.get("/s/a.txt");
    CHECK(sceptic.get("/s/a.txt").body == "old");
    CHECK(sceptic.served.counters().confirmed == 1);
    std::filesystem::remove(sceptic.files / "a.txt");
    CHECK(sceptic.get("/s/a.txt").status() == "404");
    sceptic.files.write("a.txt", "new");
    const site_answer after = sceptic.get("/s/a.txt");
    CHECK(after.body == "new");
    CHECK(after.field("ETag") != before.field("ETag"));
}
