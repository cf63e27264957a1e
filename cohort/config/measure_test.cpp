#include <cohort/config/measure.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::config;
using namespace std::chrono_literals;

TEST_CASE("durations and sizes are written as they were read, in the largest unit")
{
    for (const char* text : {"0", "1ms", "1500ms", "30s", "90s", "5m", "2h", "1d"})
        CHECK(text_of(parse_time(text).value()) == text);
    CHECK(text_of(60s) == "1m");
    CHECK(parse_time("500us") == 1ms);
    for (const char* text : {"0", "1B", "4097B", "64K", "512M", "2G", "3T"})
        CHECK(text_of_bytes(parse_bytes(text).value()) == text);
    CHECK(text_of_bytes(4096) == "4K");
}

TEST_CASE("a missing unit is refused, and the words say which there are")
{
    CHECK(parse_time("30").error().text().find("(us, ms, s, m, h or d)") != std::string::npos);
    CHECK(parse_bytes("4096").error().text().find("(B, K, M, G or T)") != std::string::npos);
    CHECK(parse_percent("70").error().text().find("0% to 100%") != std::string::npos);
    for (const char* text : {"", "%", "101%", "-1%", "1.5%"})
        CHECK_FALSE(parse_percent(text));
    CHECK(parse_percent("100%") == 100U);
}

TEST_CASE("a threshold may differ from worker to worker, by a share of it")
{
    for (const char* text : {"off", "512M", "512M \u00b120%"})
        CHECK(text_of_spread_bytes(parse_spread_bytes(text).value()) == text);
    for (const char* text : {"off", "1234", "100k", "2M \u00b15%"})
        CHECK(text_of_spread_count(parse_spread_count(text).value()) == text);
    for (const char* text : {"off", "1d", "90s \u00b110%"})
        CHECK(text_of_spread_time(parse_spread_time(text).value()) == text);
    CHECK(parse_spread_count("100k +-20%") == spread<std::uint64_t>{100'000, 20});
    for (const char* text :
         {"", "0", "512", "512M\u00b120%", "512M \u00b1", "512M \u00b120", "512M \u00b1120%", "on"})
    {
        CAPTURE(text);
        CHECK_FALSE(parse_spread_bytes(text));
    }
    for (const char* text : {"", "0", "100K", "1.5k", "99999999999999999999M", "k"})
        CHECK_FALSE(parse_spread_count(text));
    CHECK_FALSE(parse_spread_time("24"));
}
