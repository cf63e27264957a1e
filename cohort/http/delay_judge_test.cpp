#include <cohort/http/delay_judge.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

constexpr steady_time start = steady_time{} + 1h;

}  // namespace

TEST_CASE("a burst is no overload: one short delay ends it")
{
    delay_judge judge{50ms, 100ms};
    judge.measured(300ms, start);
    CHECK_FALSE(judge.overloaded(start + 99ms));
    judge.measured(10ms, start + 99ms);
    CHECK_FALSE(judge.overloaded(start + 500ms));
}

TEST_CASE("delays that stay long for an interval are overload, until one is short")
{
    delay_judge judge{50ms, 100ms};
    judge.measured(51ms, start);
    judge.measured(80ms, start + 60ms);
    CHECK_FALSE(judge.overloaded(start + 60ms));
    CHECK(judge.overloaded(start + 100ms));
    judge.measured(50ms, start + 130ms);
    CHECK_FALSE(judge.overloaded(start + 130ms));
    judge.measured(60ms, start + 140ms);
    CHECK_FALSE(judge.overloaded(start + 150ms));
}
