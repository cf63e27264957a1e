#include <cohort/process/succession_rule.hpp>

#include <doctest/doctest.h>

using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

constexpr reign_end quick{.killed = false, .lived = 1ms, .moment = 0ms};

}  // namespace

TEST_CASE("a primary that lived long is followed at once")
{
    succession_rule rule;
    for (int i = 0; i < 100; ++i) {
        const auto next = rule.after({.killed = false, .lived = 2s, .moment = i * 1ms});
        CHECK(next.again);
        CHECK(next.pause == 0ns);
    }
}

TEST_CASE("a primary that is killed is followed, however often")
{
    succession_rule rule;
    for (unsigned i = 0; i < 100; ++i) {
        const auto next = rule.after({.killed = true, .lived = 1ms, .moment = i * 1ms});
        CHECK(next.again);
        CHECK(next.pause == (i < succession_rule::killed_max ? 0ms : 100ms));
    }
}

TEST_CASE("quick failures are followed after growing pauses, and not for ever")
{
    succession_rule rule;
    for (const auto pause : {100ms, 200ms, 400ms, 800ms}) {
        const auto next = rule.after(quick);
        CHECK(next.again);
        CHECK(next.pause == pause);
    }
    CHECK_FALSE(rule.after(quick).again);
}

TEST_CASE("quick failures that are far apart never end the succession")
{
    succession_rule rule;
    for (int i = 0; i < 100; ++i) {
        const auto next = rule.after({.killed = false, .lived = 1ms, .moment = i * 8s});
        CHECK(next.again);
        CHECK(next.pause <= 5s);
    }
}
