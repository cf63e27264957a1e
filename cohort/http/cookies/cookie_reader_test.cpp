#include <cohort/http/cookies/cookie_reader.hpp>

#include <cohort/http/detail/parsed_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;

namespace {

std::vector<cookie_pair> read(std::string_view field)
{
    std::vector<cookie_pair> all;
    while (const auto pair = next_cookie(field))
        all.push_back(*pair);
    return all;
}

using pairs = std::vector<cookie_pair>;

}  // namespace

TEST_CASE("cookies are read as they were sent, nothing is decoded")
{
    CHECK(read("a=1; b=2") == pairs{{"a", "1"}, {"b", "2"}});
    CHECK(read("a=1;b=2;") == pairs{{"a", "1"}, {"b", "2"}});
    CHECK(read("a=%41+\"x\"") == pairs{{"a", "%41+\"x\""}});
    CHECK(read("a=b=c; d=") == pairs{{"a", "b=c"}, {"d", ""}});
    CHECK(read("  a = 1 ") == pairs{{"a", "1"}});
    CHECK(read("") == pairs{});
}

TEST_CASE("pairs that are none are passed over")
{
    CHECK(read("lonely; a=1; =x; b c=2; ;; d=3") == pairs{{"a", "1"}, {"d", "3"}});
    CHECK(read("a=\x01; b=2") == pairs{{"b", "2"}});
    CHECK(read("{}=1; \"a\"=2") == pairs{});
}

TEST_CASE("of several cookies of one name the first is taken")
{
    detail::parsed one{"GET /", "Cookie: a=1; A=2; a=3\r\nCookie: b=4\r\n"};
    CHECK(cookie(one.of, "a") == "1");
    CHECK(cookie(one.of, "A") == "2");
    CHECK(cookie(one.of, "b") == "4");
    CHECK_FALSE(cookie(one.of, "c"));
    CHECK(cookies(one.of).size() == 4);
}

TEST_CASE("fifty cookies are read, no more")
{
    std::string field;
    for (int i = 0; i < 60; ++i)
        field += "c" + std::to_string(i) + "=x;";
    detail::parsed one{"GET /", "Cookie: " + field + "\r\n"};
    CHECK(cookies(one.of).size() == 50);
    CHECK(cookie(one.of, "c49"));
    CHECK_FALSE(cookie(one.of, "c50"));
}
