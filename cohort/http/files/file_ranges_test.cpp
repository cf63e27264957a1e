// Ranges, long files, and files that change while they are sent.
#include <cohort/http/files/static_files.hpp>

#include <cohort/base/random.hpp>
#include <cohort/http/files/byte_ranges.hpp>
#include <cohort/http/files/detail/site_test.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

std::string numbered(std::size_t bytes)
{
    std::string all;
    for (int i = 0; all.size() < bytes; ++i)
        all += fmt::format("{:07}\n", i);
    all.resize(bytes);
    return all;
}

struct scene : site {
    explicit scene(server_options own = {})
        : site{std::move(own)}
    {
        h.api.on_handler_error([](const request&, std::string_view) noexcept {});
        static_files{files.path(), {.small_bytes_max = 4096}}.serve(h.api, "/{path...}");
    }
};

/// What a multipart/byteranges body says, taken apart as a client would.
std::string parts_of(const site_answer& answer)
{
    const std::string type = answer.field("Content-Type");
    const std::string boundary = "--" + type.substr(type.find("boundary=") + 9);
    std::string all;
    std::string_view rest = answer.body;
    REQUIRE(rest.starts_with(boundary + "\r\n"));
    for (;;) {
        rest.remove_prefix(boundary.size());
        if (rest == "--\r\n")
            return all;
        const std::size_t blank = rest.find("\r\n\r\n");
        const std::string_view head = rest.substr(2, blank - 2);
        const std::string_view range = head.substr(head.find("bytes ") + 6);
        rest.remove_prefix(blank + 4);
        const std::size_t end = rest.find("\r\n" + boundary);
        REQUIRE(end != std::string_view::npos);
        all += fmt::format("[{}|{}]", range, rest.substr(0, end));
        rest.remove_prefix(end + 2);
    }
}

}  // namespace

TEST_CASE("ranges are the bytes that a naive slice has, of small files and of long ones")
{
    for (const std::size_t size : {1UL, 300UL, 4096UL, 4097UL, 400'000UL}) {
        scene s;
        const std::string content = numbered(size);
        s.files.write("f", content);
        CHECK(s.get("/f").body == content);
        random_source dice{size};
        for (int round = 0; round < 25; ++round) {
            const std::uint64_t first = dice.next() % size;
            const std::uint64_t last = first + dice.next() % (2 * size);
            const site_answer part =
                s.get("/f", fmt::format("Range: bytes={}-{}\r\n", first, last));
            REQUIRE(part.status() == "206");
            REQUIRE(part.body == content.substr(first, last - first + 1));
            REQUIRE(part.field("Content-Range") ==
                    fmt::format("bytes {}-{}/{}", first, std::min(last, size - 1), size));
        }
    }
}

TEST_CASE("several ranges are parts, those that touch are one")
{
    for (const std::size_t size : {4000UL, 300'000UL}) {
        scene s;
        const std::string content = numbered(size);
        s.files.write("f.txt", content);
        const site_answer two = s.get("/f.txt", "Range: bytes=-8,0-7\r\n");
        CHECK(two.status() == "206");
        CHECK(two.field("Content-Range").empty());
        CHECK(two.field("Content-Length") == std::to_string(two.body.size()));
        CHECK(parts_of(two) == fmt::format("[{}-{}/{}|{}][0-7/{}|{}]", size - 8, size - 1, size,
                                           content.substr(size - 8), size, content.substr(0, 8)));
        CHECK(two.body.find("Content-Type: text/plain; charset=utf-8\r\n") != std::string::npos);
        const site_answer one = s.get("/f.txt", "Range: bytes=0-7,8-15,4-9\r\n");
        CHECK(one.body == content.substr(0, 16));
        CHECK(one.field("Content-Range") == fmt::format("bytes 0-15/{}", size));
    }
}

TEST_CASE("a range that is not there is 416, one for another state is ignored")
{
    scene s;
    s.files.write("f", numbered(100));
    s.files.write("empty", "");
    const site_answer outside = s.get("/f", "Range: bytes=100-\r\n");
    CHECK(outside.status() == "416");
    CHECK(outside.field("Content-Range") == "bytes */100");
    CHECK(s.get("/empty", "Range: bytes=0-\r\n").status() == "416");
    CHECK(s.get("/empty").status() == "200");
    CHECK(s.get("/f", "Range: lines=1-2\r\n").status() == "200");
    const std::string etag = s.get("/f").field("ETag");
    CHECK(s.get("/f", "Range: bytes=0-1\r\nIf-Range: " + etag + "\r\n").status() == "206");
    CHECK(s.get("/f", "Range: bytes=0-1\r\nIf-Range: \"x\"\r\n").status() == "200");
    const site_answer head = s.ask("HEAD", "/f", "Range: bytes=0-1\r\n");
    CHECK(head.status() == "200");
    CHECK(head.field("Content-Length") == "100");
}

TEST_CASE("a file that changes while it is sent cuts the connection")
{
    constexpr std::size_t size = 8 << 20;
    for (const int change : {0, 1, 2}) {
        CAPTURE(change);
        scene s;
        const std::string content = numbered(size);
        s.files.write("f", content);
        client c = s.h.connect(4096);
        c.say(get("/f"));
        s.h.hear(c, "\r\n\r\n");
        CHECK(c.has("Content-Length: 8388608"));
        if (change == 0)
            std::filesystem::resize_file(s.files / "f", size / 2);
        if (change == 1)
            std::ofstream{s.files / "f", std::ios::app} << "more";
        if (change == 2)
            s.files.write("f", std::string(size, 'x'));
        s.h.hear_end(c);
        const std::string body = c.heard.substr(c.heard.find("\r\n\r\n") + 4);
        CHECK(body.size() < size);
        CHECK(content.starts_with(body));
    }
}

TEST_CASE("a file that was replaced is sent as it was, and one beyond four gigabytes has its end")
{
    scene s;
    constexpr std::size_t size = 4 << 20;
    const std::string content = numbered(size);
    s.files.write("f", content);
    client c = s.h.connect(4096);
    c.say(get("/f"));
    s.h.hear(c, "\r\n\r\n");
    s.files.write("g", std::string(size, 'x'));
    std::filesystem::rename(s.files / "g", s.files / "f");
    s.h.until([&] {
        c.listen();
        return c.heard.size() >= size + c.heard.find("\r\n\r\n") + 4;
    });
    CHECK((c.heard.substr(c.heard.find("\r\n\r\n") + 4) == content));

    s.files.write("huge", "");
    std::filesystem::resize_file(s.files / "huge", 5UL << 30);
    const site_answer end = s.get("/huge", "Range: bytes=-10\r\n");
    CHECK(end.body == std::string(10, '\0'));
    CHECK(end.field("Content-Range") == "bytes 5368709110-5368709119/5368709120");
    CHECK(s.ask("HEAD", "/huge").field("Content-Length") == "5368709120");
}
