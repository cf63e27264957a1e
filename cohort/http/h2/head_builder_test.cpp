#include <cohort/http/h2/head_builder.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <utility>

using namespace cohort::http;
using h2::head_builder;
using verdict = head_builder::verdict;

namespace {

using pairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;

struct built {
    limits bounds{};
    head_builder by{bounds};
    head top{};
    std::string text;
    verdict said{};

    void make(pairs more, pairs pseudo, head_builder::body after = head_builder::body::none)
    {
        by.begin();
        for (const auto& [name, value] : pseudo)
            by.add(name, value);
        for (const auto& [name, value] : more)
            by.add(name, value);
        said = by.end(after, top);
        if (said == verdict::whole)
            text = by.take_text();
    }
    verdict get(pairs more)
    {
        make(more, {{":method", "GET"},
                    {":scheme", "https"},
                    {":authority", "a.test"},
                    {":path", "/x?y=1"}});
        return said;
    }
    verdict only(pairs all)
    {
        make({}, all);
        return said;
    }
    [[nodiscard]] head_view view() const { return {top, text.data()}; }
};

}  // namespace

TEST_CASE("a field block becomes the head of an ordinary request")
{
    built b;
    REQUIRE(b.get({{"accept", "*/*"}, {"te", "trailers"}}) == verdict::whole);
    CHECK(b.text == "GET /x?y=1 HTTP/1.1\r\nhost: a.test\r\naccept: */*\r\nte: trailers\r\n\r\n");
    CHECK(b.view().path() == "/x");
    CHECK(b.view().query() == "y=1");
    CHECK(b.view().host() == "a.test");
    CHECK(b.view().find("Accept") == "*/*");
    CHECK(b.top.verb == method::get);
    CHECK(b.top.body == framing::none);
}

TEST_CASE("crumbs of Cookie are joined")
{
    built b;
    REQUIRE(b.get({{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}}) == verdict::whole);
    CHECK(b.view().find("cookie") == "a=1; b=2");
}

TEST_CASE("a body without a length is said to be chunked, one with a length has it")
{
    built b;
    const pairs post = {
        {":method", "POST"}, {":scheme", "http"}, {":authority", "t"}, {":path", "/"}};
    b.make({}, post, head_builder::body::follows);
    CHECK(b.top.body == framing::chunked);
    b.make({{"content-length", "5"}}, post, head_builder::body::follows);
    CHECK(b.top.body == framing::length);
    CHECK(b.top.content_length == 5);
}

TEST_CASE("what RFC 9113 section 8 calls malformed is malformed")
{
    built b;
    CHECK(b.get({{"Accept", "x"}}) == verdict::malformed);
    CHECK(b.get({{"accept ", "x"}}) == verdict::malformed);
    CHECK(b.get({{"", "x"}}) == verdict::malformed);
    CHECK(b.get({{"accept", "x\r\nevil: 1"}}) == verdict::malformed);
    CHECK(b.get({{"accept", " x"}}) == verdict::malformed);
    for (const auto* name :
         {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})
        CHECK(b.get({{name, "x"}}) == verdict::malformed);
    CHECK(b.get({{"te", "gzip"}}) == verdict::malformed);
    CHECK(b.get({{"x", "y"}, {":path", "/"}}) == verdict::malformed);
    CHECK(b.get({{":path", "/"}}) == verdict::malformed);
    CHECK(b.get({{":status", "200"}}) == verdict::malformed);
    CHECK(b.get({{"host", "b.test"}}) == verdict::malformed);
    CHECK(b.get({{"host", "A.test"}}) == verdict::whole);

    CHECK(b.only({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}) == verdict::malformed);
    CHECK(b.only({{":method", "GET"}, {":authority", "t"}, {":path", "/"}}) == verdict::malformed);
    CHECK(b.only({{":method", "GET"}, {":scheme", "http"}, {":authority", "t"}}) ==
          verdict::malformed);
    CHECK(b.only({{":scheme", "http"}, {":authority", "t"}, {":path", "/"}}) == verdict::malformed);
    CHECK(b.only({{":method", "GET"}, {":scheme", "http"}, {":authority", "t"}, {":path", ""}}) ==
          verdict::malformed);
    CHECK(
        b.only({{":method", "GET"}, {":scheme", "http"}, {":authority", "t"}, {":path", "/a b"}}) ==
        verdict::malformed);
    CHECK(b.only({{":method", "GET"}, {":scheme", "ftp"}, {":authority", "t"}, {":path", "/"}}) ==
          verdict::malformed);
    CHECK(b.only({{":method", "CONNECT"}, {":authority", "t:1"}, {":path", "/"}}) ==
          verdict::malformed);
}

TEST_CASE("what the parser of HTTP/1.1 refuses is refused, with its words")
{
    built b;
    CHECK(b.get({{"content-length", "x"}}) == verdict::refused);
    CHECK(b.by.why().rule == "http.length.invalid");
    CHECK(
        b.only({{":method", "GET"}, {":scheme", "http"}, {":authority", "a@b"}, {":path", "/"}}) ==
        verdict::refused);
    CHECK(b.by.why().status == 400);
    CHECK(b.only({{":method", "CONNECT"}, {":authority", "t:1"}}) == verdict::refused);
    CHECK(b.by.why().status == 501);
}

TEST_CASE("a head beyond the limits is refused, and not kept")
{
    built b;
    const std::string kilobyte(1024, 'x');
    b.by.begin();
    for (const auto& [name, value] :
         pairs{{":method", "HEAD"}, {":scheme", "http"}, {":authority", "t"}, {":path", "/"}})
        b.by.add(name, value);
    for (int i = 0; i < 10'000; ++i)
        b.by.add("x", kilobyte);
    CHECK(b.by.end(head_builder::body::none, b.top) == verdict::refused);
    CHECK(b.by.why().status == 431);
    CHECK(b.top.verb == method::head);
    CHECK(b.by.take_text().empty());

    b.by.begin();
    for (int i = 0; i < 101; ++i)
        b.by.add("x", "y");
    CHECK(b.by.end(head_builder::body::none, b.top) == verdict::refused);
    CHECK(b.by.why().rule == "http.head.fields");

    const std::string path = "/" + std::string(9000, 'p');
    CHECK(b.only({{":method", "GET"}, {":scheme", "http"}, {":authority", "t"}, {":path", path}}) ==
          verdict::refused);
    CHECK(b.by.why().status == 414);
}
