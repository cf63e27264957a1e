#include <cohort/http/head_parser.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

// What must be refused, and how, is in tests/protocol/catalogue*.cpp.

using namespace cohort::http;

namespace {

const limits defaults;

struct parsed {
    parse_status status;
    head found;
    std::string rule;
};

parsed parse(std::string_view bytes, const limits& bounds = defaults)
{
    parsed out{};
    head_parser parser{bounds};
    out.status = parser.parse(bytes, out.found);
    out.rule = parser.why().rule;
    return out;
}

}  // namespace

TEST_CASE("a head's parts are found where they stand in its bytes")
{
    const std::string bytes =
        "\r\nPUT /a/b?c=d HTTP/1.1\r\nHost: example:80\r\nX-Y:  z \r\n\r\nbody";
    const auto [status, found, rule] = parse(bytes);

    REQUIRE(status == parse_status::done);
    const head_view view{found, bytes.data()};
    CHECK(view.verb() == method::put);
    CHECK(view.method_text() == "PUT");
    CHECK(view.target() == "/a/b?c=d");
    CHECK(view.path() == "/a/b");
    CHECK(view.query() == "c=d");
    CHECK(view.host() == "example:80");
    CHECK(found.form == target_form::origin);
    CHECK(found.minor_version == 1);
    CHECK(found.body == framing::none);
    CHECK(found.keep_alive);
    CHECK(bytes.substr(found.size) == "body");
    REQUIRE(view.fields_count() == 2);
    CHECK(view.field(1).name == "X-Y");
    CHECK(view.field(1).value == "z");
    CHECK(view.find("x-y") == "z");
    CHECK_FALSE(view.find("z"));
}

TEST_CASE("the host of an absolute target counts, and the Host field does not")
{
    const std::string bytes = "GET http://one:1?q HTTP/1.1\r\nHost: two\r\n\r\n";
    const auto [status, found, rule] = parse(bytes);

    REQUIRE(status == parse_status::done);
    const head_view view{found, bytes.data()};
    CHECK(found.form == target_form::absolute);
    CHECK(view.host() == "one:1");
    CHECK(view.path() == "/");
    CHECK(view.query() == "q");
    CHECK(view.find("Host") == "two");
}

TEST_CASE("framing, expectation and upgrade are told by the head")
{
    auto seen = parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n"
                      "Expect: 100-continue\r\n\r\n")
                    .found;
    CHECK(seen.body == framing::length);
    CHECK(seen.content_length == 7);
    CHECK(seen.expect_continue);

    seen = parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").found;
    CHECK(seen.body == framing::chunked);
    CHECK(seen.content_length == 0);
    CHECK_FALSE(seen.expect_continue);

    seen = parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n").found;
    CHECK(seen.upgrade);
    seen = parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n").found;
    CHECK_FALSE(seen.upgrade);
    seen = parse("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").found;
    CHECK_FALSE(seen.expect_continue);
}

TEST_CASE("a bad octet is refused in the call that first shows it")
{
    const std::string good = "GET / HTTP/1.1\r\nHost: a";
    head_parser parser{defaults};
    head found{};
    for (std::size_t size = 1; size <= good.size(); ++size)
        REQUIRE(parser.parse(std::string_view{good}.substr(0, size), found) ==
                parse_status::need_more);
    CHECK(parser.parse(good + "\n", found) == parse_status::refused);
    CHECK(parser.why().rule == "http.line.bare-lf");
    CHECK(parser.why().status == 400);
    CHECK_FALSE(parser.why().words.empty());
}

TEST_CASE("the bytes may move in memory between two calls")
{
    const std::string bytes = "GET /where HTTP/1.1\r\nHost: a\r\n\r\n";
    head_parser parser{defaults};
    head found{};
    auto status = parse_status::need_more;
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        const std::vector<char> copy(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(size));
        status = parser.parse({copy.data(), copy.size()}, found);
    }
    CHECK(status == parse_status::done);
    CHECK(head_view{found, bytes.data()}.path() == "/where");
}

TEST_CASE("a connection is idle until a request line begins")
{
    head_parser parser{defaults};
    head found{};
    CHECK(parser.idle());
    CHECK(parser.parse("", found) == parse_status::need_more);
    CHECK(parser.parse("\r\n", found) == parse_status::need_more);
    CHECK(parser.idle());
    CHECK(parser.parse("\r\nG", found) == parse_status::need_more);
    CHECK_FALSE(parser.idle());
    parser.reset();
    CHECK(parser.idle());
}

TEST_CASE("smaller limits are kept to the octet")
{
    limits small;
    small.head_bytes_max = 40;
    small.request_line_bytes_max = 20;
    small.fields_max = 1;
    CHECK(parse("GET / HTTP/1.1\r\nHost: abcdefghijklmn\r\n\r\n", small).status ==
          parse_status::done);
    CHECK(parse("GET / HTTP/1.1\r\nHost: abcdefghijklmno\r\n\r\n", small).rule == "http.head.long");
    CHECK(parse("GET /aaaaaa HTTP/1.1\r\nHost: a\r\n\r\n", small).status == parse_status::done);
    CHECK(parse("GET /aaaaaaa HTTP/1.1\r\nHost: a\r\n\r\n", small).rule ==
          "http.request-line.long");
    CHECK(parse("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n", small).rule == "http.head.fields");
}

TEST_CASE("limits beyond what offsets can say are cut to it")
{
    limits huge;
    huge.head_bytes_max = 1U << 30;
    huge.request_line_bytes_max = 1U << 30;
    huge.fields_max = 1U << 30;
    CHECK(parse("GET /" + std::string(70'000, 'x'), huge).rule == "http.request-line.long");
    CHECK(parse("GET / HTTP/1.1\r\nX: " + std::string(70'000, 'x'), huge).rule == "http.head.long");
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 101; ++i)
        many += "X: a\r\n";
    CHECK(parse(many, huge).rule == "http.head.fields");
}
