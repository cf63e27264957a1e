#include <cohort/http/middleware/conditional.hpp>

#include <cohort/http/conditions.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/middleware/compression.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;
using cohort::http::detail::around;

TEST_CASE("an answer has the tag of its bytes, and who holds it hears 304 without a body")
{
    around one;
    one.use(conditional());
    one.answers = [] { return text("x").header("Cache-Control", "max-age=9"); };
    const std::string tag{one.get().header("ETag").value_or("")};
    CHECK(tag == tag_of("x"));
    const auto again = one.get("/", "If-None-Match: " + tag + "\r\n");
    CHECK(again.status() == 304);
    CHECK(again.body().empty());
    CHECK(again.header("ETag") == tag);
    CHECK(again.header("Cache-Control") == "max-age=9");
    CHECK_FALSE(again.header("Content-Type"));
    CHECK(one.get("/", "If-None-Match: \"other\"\r\n").status() == 200);
    CHECK(one.send("HEAD /", "If-None-Match: *\r\n").status() == 304);
    CHECK(one.get("/", "If-Match: \"other\"\r\n").status() == 412);
}

TEST_CASE("a handler's own tag and date are the ones that count")
{
    around one;
    one.use(conditional());
    one.answers = [] {
        return text("x")
            .header("ETag", "\"v7\"")
            .header("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    };
    CHECK(one.get("/", "If-None-Match: W/\"v7\"\r\n").status() == 304);
    CHECK(one.get("/", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n").status() == 304);
    CHECK(one.get("/", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n").status() == 200);
}

TEST_CASE("a stream with a tag of its own is not begun for who has it")
{
    around one;
    one.use(conditional());
    one.answers = [] {
        return stream("text/plain", [](body_writer&) -> cohort::task<> { co_return; })
            .header("ETag", "\"s\"");
    };
    CHECK_FALSE(one.get("/", "If-None-Match: \"s\"\r\n").streams());
    CHECK(one.get().streams());
}

TEST_CASE("errors, other methods, secrets and long bodies get no tag")
{
    around one;
    one.use(conditional({.bytes_max = 10}));
    CHECK_FALSE(one.get("/absent").header("ETag"));
    CHECK_FALSE(one.send("POST /").header("ETag"));
    CHECK_FALSE(one.get().header("ETag"));
    one.answers = [] { return text("x").header("Cache-Control", "no-store"); };
    CHECK_FALSE(one.get().header("ETag"));

    around weak;
    weak.use(conditional({.tag = answer_tag::weak}));
    CHECK(weak.get().header("ETag") == "W/" + tag_of("Hello, world"));
    around none;
    none.use(conditional({.tag = answer_tag::none}));
    CHECK_FALSE(none.get().header("ETag"));
}

TEST_CASE("a change is refused before its handler runs, if somebody says what is there now")
{
    around one;
    bool exists = true;
    one.use(conditional({.current = [&](const request&) {
        return exists ? std::optional<std::string>{"\"v1\""} : std::nullopt;
    }}));
    CHECK(one.send("PUT /", "If-Match: \"v1\"\r\n").status() == 200);
    CHECK(one.send("PUT /", "If-Match: \"v0\"\r\n").status() == 412);
    CHECK(one.send("PUT /", "If-None-Match: *\r\n").status() == 412);
    CHECK(one.send("PUT /").status() == 200);
    exists = false;
    CHECK(one.send("PUT /", "If-Match: *\r\n").status() == 412);
    CHECK(one.send("PUT /", "If-None-Match: *\r\n").status() == 200);
}

TEST_CASE("inside of compression, one tag serves all codings")
{
    around one;
    one.use(compression()).use(conditional());
    one.answers = [] { return text(std::string(5000, 'x')); };
    const std::string tag{one.get("/", "Accept-Encoding: gzip\r\n").header("ETag").value_or("")};
    CHECK(tag == "W/" + tag_of(std::string(5000, 'x')));
    const auto again = one.get("/", "Accept-Encoding: gzip\r\nIf-None-Match: " + tag + "\r\n");
    CHECK(again.status() == 304);
    CHECK(again.header("ETag") == tag);
    CHECK(again.header("Vary") == "Accept-Encoding");
}
