#include <cohort/http/percent.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;

TEST_CASE("escapes in a path segment are undone, and a plus stays a plus")
{
    CHECK(percent_decode("a%20b+c%2Fd") == "a b+c/d");
    CHECK(percent_decode("%c3%A9") == "\xc3\xa9");
    CHECK(percent_decode("") == "");
}

TEST_CASE("broken escapes, and escapes that hide a NUL, are refused")
{
    for (const char* bad : {"%", "%4", "a%", "%zz", "%4g", "%-1", "%00", "a%00b"})
        CHECK_MESSAGE(!percent_decode(bad), bad);
}

TEST_CASE("what decodes to itself is known at a glance")
{
    for (const char* plain : {"", "a", "abc", "a=b&c", "abcdefghijkl", "\xc3\xa9"}) {
        CHECK_MESSAGE(is_unescaped(plain), plain);
        CHECK(query_decode(plain) == plain);
    }
    for (const std::string_view special : {"+", "%41", "abcdefg+", "abcdefgh%"})
        CHECK_FALSE(is_unescaped(special));
    CHECK_FALSE(is_unescaped(std::string_view{"a\0b", 3}));
    CHECK_FALSE(query_decode(std::string_view{"a\0b", 3}));
}

TEST_CASE("a query value is found by name, decoded, plus for space")
{
    CHECK(query_value("a=1&b=x+y%26&c", "a") == "1");
    CHECK(query_value("a=1&b=x+y%26&c", "b") == "x y&");
    CHECK(query_value("a=1&b=x+y%26&c", "c") == "");
    CHECK_FALSE(query_value("a=1&b=2", "d"));
    CHECK_FALSE(query_value("", "a"));
    CHECK(query_value("a%5B0%5D=1", "a[0]") == "1");
    CHECK(query_value("&&a=1&", "a") == "1");
    CHECK(query_value("a=1&a=2", "a") == "1");
    CHECK(query_value("a=b=c", "a") == "b=c");
    CHECK_FALSE(query_value("a=%", "a"));
}

TEST_CASE("what is escaped comes back by undoing it")
{
    CHECK(percent_encode("a b/c?d\xc3\xa9~") == "a%20b%2Fc%3Fd%C3%A9~");
    std::string all;
    for (int octet = 1; octet < 256; ++octet)
        all.push_back(static_cast<char>(octet));
    CHECK(percent_decode(percent_encode(all)) == all);
}
