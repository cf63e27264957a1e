#include <cohort/http/forwarded.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort::http;

namespace {

std::optional<std::vector<forwarded_hop>> hops(std::string_view field)
{
    const std::vector<std::string_view> fields{field};
    return parse_forwarded(fields);
}

std::string shown(const std::optional<forwarded_node>& node)
{
    return node ? node->address.text() + "|" + std::to_string(node->port) : "none";
}

}  // namespace

TEST_CASE("a node is an address with or without a port, or somebody who is hidden")
{
    CHECK(shown(parse_node("192.0.2.1")) == "192.0.2.1|0");
    CHECK(shown(parse_node("192.0.2.1:4711")) == "192.0.2.1|4711");
    CHECK(shown(parse_node("[2001:db8::1]")) == "2001:db8::1|0");
    CHECK(shown(parse_node("[2001:db8::1]:80")) == "2001:db8::1|80");
    CHECK(shown(parse_node("2001:db8::1")) == "2001:db8::1|0");
    CHECK(shown(parse_node("[::ffff:192.0.2.1]:9")) == "192.0.2.1|9");
    CHECK(shown(parse_node("unknown")) == "unknown|0");
    CHECK(shown(parse_node("_gazonk:_port")) == "unknown|0");
}

TEST_CASE("what is no node is none")
{
    for (const char* text :
         {"", "_", "1.2.3.4:", "1.2.3.4:99999", "1.2.3.4:-1", "[1.2.3.4]", "[::1", "[::1]x",
          "[::1]:", "a.example", "1.2.3.4 5", ":80", "::1:zz", "\"1.2.3.4\""})
        CHECK_MESSAGE(!parse_node(text), text);
}

TEST_CASE("the examples of RFC 7239 read as it says")
{
    const auto one = hops("for=192.0.2.60;proto=http;by=203.0.113.43");
    REQUIRE(one);
    CHECK(shown(one->front().from) == "192.0.2.60|0");
    CHECK(one->front().scheme == "http");
    CHECK(one->front().host.empty());

    const auto two = hops("For=\"[2001:db8:cafe::17]:4711\", for=198.51.100.17;host=a.example");
    REQUIRE(two);
    REQUIRE(two->size() == 2);
    CHECK(shown(two->front().from) == "2001:db8:cafe::17|4711");
    CHECK(two->back().host == "a.example");
    CHECK(shown(hops("for=\"_gazonk\"")->front().from) == "unknown|0");
}

TEST_CASE("other parameters are read over, whatever is quoted in them")
{
    const auto one = hops(R"(secret="a,\";for=1.1.1.1" ; for=2.2.2.2;host="a.example:8080")");
    REQUIRE(one);
    REQUIRE(one->size() == 1);
    CHECK(shown(one->front().from) == "2.2.2.2|0");
    CHECK(one->front().host == "a.example:8080");
    CHECK(hops("by=_x")->front().from == std::nullopt);
}

TEST_CASE("a malformed hop spoils the field, since nobody knows who it was about")
{
    for (const char* text :
         {"for", "for=", "=1.2.3.4", "for=1.2.3.4;", "for =1.2.3.4", "for=1.2.3.4:80",
          "for=2001:db8::1", "for=\"1.2.3.4", "for=\"1.2.3.4\"x", "for=1.1.1.1;for=2.2.2.2",
          "proto=http;PROTO=https", "host=\"a b\"", "host=a.example/x", R"(for="1.2.3.\4")", "x"})
        CHECK_MESSAGE(!hops(text), text);
    CHECK(hops("")->empty());
    CHECK(hops(" , ,")->empty());
}

TEST_CASE("lists are split across fields, and end at a bound")
{
    const std::vector<std::string_view> fields{"a, b", "", "c"};
    CHECK(split_lists(fields).value() == std::vector<std::string_view>{"a", "b", "c"});
    std::string many;
    for (std::size_t i = 0; i < hops_max; ++i)
        many += "1.1.1.1,";
    CHECK(split_lists(std::vector<std::string_view>{many})->size() == hops_max);
    many += "1.1.1.1";
    CHECK_FALSE(split_lists(std::vector<std::string_view>{many}));
}
