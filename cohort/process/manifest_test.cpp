#include <cohort/process/manifest.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cohort;
using namespace cohort::process;

TEST_CASE("a manifest survives the journey through the environment")
{
    const manifest list{{"channel", 3}, {"board", 4}, {"inbox.0", 1'048'575}};
    const auto text = encode(list);
    REQUIRE(text);
    CHECK(*text == "channel:3,board:4,inbox.0:1048575");
    CHECK(parse_manifest(*text) == list);
    CHECK(encode({}) == "");
    CHECK(parse_manifest("") == manifest{});
}

TEST_CASE("a manifest that breaks a rule is refused, and the entry is named")
{
    for (const char* text : {"channel",    "channel:", ":3",        "channel:3,",
                             ",channel:3", "a:3,,b:4", "a:-1",      "a:+3",
                             "a:03",       "a: 3",     "a:3 ",      "A:3",
                             "a b:3",      "a:3:4",    "a:1048576", "a:99999999999999999999",
                             "a:3,a:4",    "a:3,b:3",  "a:3;b:4",   "a:0x3"})
    {
        CAPTURE(text);
        const auto list = parse_manifest(text);
        REQUIRE_FALSE(list);
        CHECK(list.error().why() == errc::malformed);
    }
    CHECK(parse_manifest("good:1,B:2").error().text() == "read manifest entry \"B:2\": malformed");
}

TEST_CASE("what could not be parsed is not encoded either")
{
    CHECK_FALSE(encode({{"a,b", 3}}));
    CHECK_FALSE(encode({{"a", -1}}));
    CHECK_FALSE(encode({{"a", 3}, {"a", 4}}));
    CHECK_FALSE(encode({{std::string(65, 'a'), 3}}));
    manifest many;
    for (int i = 0; i < 257; ++i)
        many.push_back({fmt::format("n{}", i), i});
    CHECK_FALSE(encode(many));
    many.pop_back();
    CHECK(encode(many));
}
