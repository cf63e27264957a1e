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

TEST_CASE("a program that dies as soon as it serves is followed once, with a standby or without")
{
    respawn_rule rule;
    CHECK(rule.has_standby(1ms));
    CHECK(rule.follows(quick));
    for (int i = 0; i < 100; ++i) {
        CHECK_FALSE(rule.has_standby(100ms));
        CHECK_FALSE(rule.follows({.ready = true, .lived = 100ms}));
    }
}

TEST_CASE("a standby comes back when its worker has lived long, or has died of a request or a kill")
{
    respawn_rule rule;
    CHECK(rule.follows(quick));
    CHECK_FALSE(rule.has_standby(999ms));
    CHECK(rule.has_standby(1s));

    CHECK(rule.follows({.ready = true, .request_ran = true, .lived = 1ms}));
    CHECK(rule.has_standby(1ms));
    CHECK(rule.follows(quick));
    CHECK(rule.follows({.ready = true, .killed = true, .lived = 1ms}));
    CHECK(rule.has_standby(1ms));
}

TEST_CASE("whoever is killed ten times a second always has a standby")
{
    respawn_rule rule;
    for (int i = 0; i < 1'000; ++i) {
        CHECK(rule.has_standby(5ms));
        CHECK(rule.follows({.ready = true, .killed = true, .lived = 100ms}));
    }
}
