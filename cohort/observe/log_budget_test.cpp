#include <cohort/observe/log_budget.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace std::chrono_literals;

TEST_CASE("so many lines a second are written, and the next one says how many were not")
{
    log::budget lines{2};
    const steady_time start{1h};
    CHECK(lines.take(start) == 0);
    CHECK(lines.take(start + 1ms) == 0);
    CHECK_FALSE(lines.take(start + 2ms));
    CHECK_FALSE(lines.take(start + 999ms));
    CHECK(lines.take(start + 1s) == 2);
    CHECK(lines.take(start + 1s) == 0);
    CHECK_FALSE(lines.take(start + 1s));
    CHECK(lines.take(start + 1h) == 1);
}

TEST_CASE("nothing is written where nothing may be")
{
    log::budget none{0};
    CHECK_FALSE(none.take());
    CHECK_FALSE(none.take(now_coarse() + 10s));
}

TEST_CASE("of what goes on for long one line a minute is written, the first one at once")
{
    log::budget lines{1, 1min};
    CHECK(lines.take(steady_time{1s}) == 0);
    CHECK_FALSE(lines.take(steady_time{60s}));
    CHECK(lines.take(steady_time{61s}) == 1);
}
