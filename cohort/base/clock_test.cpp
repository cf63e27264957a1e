#include <cohort/base/clock.hpp>
#include <cohort/base/backoff.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace std::chrono_literals;

TEST_CASE("a timestamp is RFC 3339 in UTC with milliseconds")
{
    CHECK(timestamp(wall_time{} + 1706263200s + 7ms) == "2024-01-26T10:00:00.007Z");
    CHECK(timestamp(wall_time{} - 1ms) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("pauses double up to their ceiling, lose at most a quarter, and start over")
{
    backoff pause{100ms, 1s, random_source{1}};
    for (const auto full : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
        const auto got = pause.next();
        CHECK(got <= full);
        CHECK(got >= full * 3 / 4);
    }
    pause.reset();
    CHECK(pause.next() <= 100ms);
}

TEST_CASE("fractions stay in [0, 1) and equal seeds roll equal dice")
{
    random_source one{42};
    random_source two{42};
    for (int i = 0; i < 1000; ++i) {
        const double f = one.fraction();
        CHECK((f >= 0.0 && f < 1.0));
        CHECK(f == two.fraction());
    }
}
