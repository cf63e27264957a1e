#include <cohort/process/respawn_rule.hpp>

#include <doctest/doctest.h>

using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

constexpr tenure_end quick{.ready = true, .lived = 10ms};
constexpr tenure_end unready{.request_ran = true, .killed = true, .lived = 1h};

}  // namespace

TEST_CASE("a worker that served is followed every time")
{
    respawn_rule rule;
    for (int i = 0; i < 1'000; ++i) {
        CHECK(rule.follows({.ready = true, .request_ran = true}));
        CHECK(rule.follows({.ready = true, .killed = true}));
        CHECK(rule.follows({.ready = true, .lived = 1s}));
    }
}

TEST_CASE("of quick deaths in a row only the first is followed")
{
    respawn_rule rule;
    CHECK(rule.follows(quick));
    CHECK_FALSE(rule.follows(quick));
    CHECK_FALSE(rule.follows(unready));
    CHECK(rule.follows({.ready = true, .lived = 2s}));
    CHECK(rule.follows(unready));
    CHECK_FALSE(rule.follows(unready));
}
