#include <cohort/http/client/circuit_breaker.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

using state = circuit_breaker::state;
using outcome = circuit_breaker::outcome;

struct scene {
    bool call(outcome how)
    {
        if (!breaker.admit(now))
            return false;
        breaker.end(how, now);
        return true;
    }
    void fail(int times)
    {
        for (int i = 0; i < times; ++i)
            REQUIRE(call(outcome::failure));
    }

    steady_time now = steady_time{} + 1h;
    circuit_breaker breaker{{.failures_min = 4,
                             .failed_share = 0.5,
                             .window = 10s,
                             .open_for = 1s,
                             .open_ceiling = 3s,
                             .trials = 1}};
};

}  // namespace

TEST_CASE("a circuit opens when enough calls, and enough of them, have failed")
{
    scene s;
    s.fail(3);
    CHECK(s.breaker.is() == state::closed);
    s.fail(1);
    CHECK(s.breaker.is() == state::open);
    CHECK_FALSE(s.call(outcome::success));
    CHECK(s.breaker.opened() == 1);

    scene mostly_good;
    for (int i = 0; i < 10; ++i)
        CHECK(mostly_good.call(outcome::success));
    mostly_good.fail(9);
    CHECK(mostly_good.breaker.is() == state::closed);
    mostly_good.fail(1);
    CHECK(mostly_good.breaker.is() == state::open);
}

TEST_CASE("failures of another window, and calls that were given up, do not count")
{
    scene s;
    s.fail(3);
    s.now += 10s;
    s.fail(3);
    for (int i = 0; i < 10; ++i)
        CHECK(s.call(outcome::unknown));
    CHECK(s.breaker.is() == state::closed);
}

TEST_CASE("an open circuit tries again after a while, one call at a time")
{
    scene s;
    s.fail(4);
    s.now += 999ms;
    CHECK_FALSE(s.breaker.admit(s.now));
    s.now += 1ms;
    CHECK(s.breaker.admit(s.now));
    CHECK(s.breaker.is() == state::half_open);
    CHECK_FALSE(s.breaker.admit(s.now));
    s.breaker.end(outcome::unknown, s.now);
    CHECK(s.breaker.admit(s.now));
    s.breaker.end(outcome::success, s.now);
    CHECK(s.breaker.is() == state::closed);
    s.fail(3);
    CHECK(s.breaker.is() == state::closed);
}

TEST_CASE("failed trials keep it open for longer, up to a ceiling; a success forgets that")
{
    scene s;
    s.fail(4);
    for (const auto open_for : {1s, 2s, 3s, 3s}) {
        CHECK(s.breaker.open_until() == s.now + open_for);
        s.now += open_for;
        CHECK(s.call(outcome::failure));
        CHECK(s.breaker.is() == state::open);
    }
    s.now += 3s;
    CHECK(s.call(outcome::success));
    s.fail(4);
    CHECK(s.breaker.open_until() == s.now + 1s);
}

TEST_CASE("calls that began before it opened change nothing while it is open")
{
    scene s;
    REQUIRE(s.breaker.admit(s.now));
    s.fail(4);
    s.breaker.end(outcome::success, s.now);
    CHECK(s.breaker.is() == state::open);
}
