#include <cohort/base/parse.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace std::chrono_literals;

TEST_CASE("an integer is the whole text or nothing")
{
    CHECK(parse_integer<int>("42") == 42);
    CHECK(parse_integer<int>("-7") == -7);
    CHECK(parse_integer<std::uint8_t>("255") == 255);
    for (const auto* text : {"", " 1", "1 ", "+1", "0x10", "1.0", "256", "-1"})
        CHECK_FALSE(parse_integer<std::uint8_t>(text));
}

TEST_CASE("a number is finite and the whole text or nothing")
{
    CHECK(parse_number("0.5") == 0.5);
    CHECK(parse_number("1e3") == 1000.0);
    for (const auto* text : {"", "inf", "nan", "1e999", "1,5", "5 "})
        CHECK_FALSE(parse_number(text));
}

TEST_CASE("a duration carries its unit, and 0 needs none")
{
    CHECK(parse_duration("0").value() == 0ns);
    CHECK(parse_duration("100us").value() == 100us);
    CHECK(parse_duration("250ms").value() == 250ms);
    CHECK(parse_duration("30s").value() == 30s);
    CHECK(parse_duration("5m").value() == 5min);
    CHECK(parse_duration("2h").value() == 2h);
    CHECK(parse_duration("1d").value() == 24h);
    for (const auto* text : {"", "30", "s", "-1s", "1.5s", "1 s", "1w", "999999999d"}) {
        const auto refused = parse_duration(text);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().why() == errc::bad_value);
    }
}

TEST_CASE("a size counts in powers of 1024 and does not overflow")
{
    CHECK(parse_size("0").value() == 0);
    CHECK(parse_size("4096").value() == 4096);
    CHECK(parse_size("4096B").value() == 4096);
    CHECK(parse_size("64K").value() == 65536);
    CHECK(parse_size("2G").value() == 2147483648ULL);
    for (const auto* text : {"", "K", "64k", "64KB", "-1", "99999999T"})
        CHECK_FALSE(parse_size(text));
}

TEST_CASE("a refusal quotes what it was given and says what it wanted")
{
    const auto refused = parse_duration("soon");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text() == "read a duration such as 250ms, 30s, 5m or 2h from \"soon\": "
                                    "not an allowed value");
}
