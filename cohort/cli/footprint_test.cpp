#include <cohort/cli/footprint.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

using namespace cohort;
using namespace cohort::cli;
using namespace std::chrono_literals;

TEST_CASE("a process knows what it costs")
{
    const auto own = footprint_of(::getpid());
    REQUIRE(own.memory_bytes);
    CHECK(*own.memory_bytes > 4096);
    CHECK(own.processor_time);
    CHECK(own.age);
    const auto nobody = footprint_of(0);
    CHECK_FALSE(nobody.memory_bytes);
    CHECK_FALSE(nobody.processor_share());
}

TEST_CASE("PSS is read from a smaps_rollup")
{
    CHECK(pss_bytes("5000-6000 ---p 00000000 00:00 0 [rollup]\nRss: 12 kB\nPss:   7 kB\n") == 7168);
    CHECK_FALSE(pss_bytes("Rss: 12 kB\n"));
    CHECK_FALSE(pss_bytes("\nPss: x kB\n"));
}

TEST_CASE("a name with brackets and blanks does not shift the fields of a stat line")
{
    const auto ticks =
        ticks_of("12 (a) b (c)) S 1 12 12 0 -1 4194560 1 0 0 0 30 12 0 0 20 0 1 0 777 10 20");
    REQUIRE(ticks);
    CHECK(ticks->used == 42);
    CHECK(ticks->started == 777);
    CHECK_FALSE(ticks_of("12 (a) S 1"));
    CHECK_FALSE(ticks_of(""));
}

TEST_CASE("amounts are short")
{
    CHECK(text_of(std::optional<std::uint64_t>{512 * 1024}) == "512K");
    CHECK(text_of(std::optional<std::uint64_t>{5 * 1024 * 1024 + 512 * 1024}) == "5.5M");
    CHECK(text_of(std::optional<std::uint64_t>{}) == "-");
    CHECK(text_of(350ms) == "350ms");
    CHECK(text_of(90s) == "1m30s");
    CHECK(text_of(25h) == "1d1h");
    CHECK(percent_text(0.125) == "12.5%");
}
