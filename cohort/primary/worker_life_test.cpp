#include <cohort/primary/worker_life.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace cohort::primary;

namespace {

constexpr auto deaths = std::to_array({cause::died, cause::died_too_often, cause::died_unwanted});
constexpr auto living = std::to_array({stage::booting, stage::serving, stage::draining,
                                       stage::withdrawing, stage::replacing, stage::leaving});

std::set<stage> reachable_from(stage start)
{
    std::set<stage> reached{start};
    for (bool grew = true; grew;) {
        grew = false;
        for (const rule& r : rules) {
            if (reached.contains(r.from))
                grew |= reached.insert(r.to).second;
        }
    }
    return reached;
}

}  // namespace

TEST_CASE("a worker that dies while booting is rested, then spawned again")
{
    worker_life life;

    CHECK(life.on(cause::died) == order::rest);
    CHECK(life.on(cause::deadline) == order::spawn);
    CHECK(life.now() == stage::booting);
}

TEST_CASE("a worker that says ready twice changes nothing the second time")
{
    worker_life life;
    REQUIRE(life.on(cause::ready) == order::none);

    CHECK(life.on(cause::ready) == std::nullopt);
    CHECK(life.now() == stage::serving);
}

TEST_CASE("once asked to drain, a worker is never spawned again")
{
    CHECK(reachable_from(stage::draining) ==
          std::set{stage::draining, stage::leaving, stage::gone});
}

TEST_CASE("asking a worker to leave a second time is answered, and changes nothing")
{
    worker_life life;
    REQUIRE(life.on(cause::ready));
    REQUIRE(life.on(cause::drain_asked) == order::ask_to_drain);

    CHECK(life.on(cause::drain_asked) == order::none);
    CHECK(life.now() == stage::draining);
}

TEST_CASE("every stage with a living process has exactly one answer to each kind of death")
{
    // Death is a fact, not a request: a stage without an answer to it would leak its slot.
    for (const stage from : living) {
        for (const cause why : deaths) {
            const auto answers = std::ranges::count_if(
                rules, [&](const rule& r) { return r.from == from && r.why == why; });
            CHECK(answers == 1);
        }
    }
}

TEST_CASE("no stage with a process can outlast its deadline for ever")
{
    for (const stage from : living) {
        const auto way = std::ranges::find_if(
            rules, [&](const rule& r) { return r.from == from && r.why == cause::deadline; });
        REQUIRE(way != rules.end());
        CHECK((way->then == order::abort || way->then == order::kill));
    }
}

TEST_CASE("a slot can be given up from every stage")
{
    for (const stage from : {stage::booting, stage::serving, stage::withdrawing, stage::replacing,
                             stage::resting, stage::parked, stage::held})
    {
        CHECK(reachable_from(from).contains(stage::gone));
    }
}

TEST_CASE("a parked slot starts nothing until it is revived")
{
    worker_life life;
    REQUIRE(life.on(cause::died_too_often) == order::park);

    CHECK(life.on(cause::deadline) == std::nullopt);
    CHECK(life.on(cause::died) == std::nullopt);
    CHECK(life.on(cause::revived) == order::spawn);
}

TEST_CASE("a worker that announced its own leave is replaced once it is dead")
{
    worker_life life;
    REQUIRE(life.on(cause::ready));
    CHECK(life.on(cause::leave_announced) == order::none);
    CHECK(life.on(cause::died) == order::rest);
    CHECK(life.on(cause::deadline) == order::spawn);
}

TEST_CASE("a stage and a cause have one rule at most")
{
    std::set<std::pair<stage, cause>> seen;
    for (const rule& r : rules)
        CHECK(seen.emplace(r.from, r.why).second);
}

TEST_CASE("a worker whose channel ended is ended itself, and replaced, if it does not go")
{
    worker_life life;
    REQUIRE(life.on(cause::ready));
    REQUIRE(life.on(cause::leave_announced) == order::none);  // what hanging up counts as
    REQUIRE(life.now() == stage::replacing);
    CHECK(life.on(cause::leave_announced) == order::none);
    CHECK(life.now() == stage::replacing);
    CHECK(life.on(cause::deadline) == order::kill);
    CHECK(life.on(cause::died) == order::rest);
    CHECK(life.on(cause::deadline) == order::spawn);
}

TEST_CASE("a held slot stays empty, whatever its worker died of, until it is resumed")
{
    for (const cause why : {cause::died, cause::died_too_often}) {
        worker_life life;
        REQUIRE(life.on(cause::ready));
        CHECK(life.on(cause::hold_asked) == order::ask_to_drain);
        CHECK(life.on(cause::hold_asked) == order::none);
        CHECK(life.has_process());
        CHECK(life.on(why) == order::hold);
        CHECK_FALSE(life.has_process());
        CHECK(life.on(cause::deadline) == std::nullopt);
        CHECK(life.on(cause::hold_asked) == std::nullopt);
        CHECK(life.on(cause::revived) == order::spawn);
        CHECK(life.now() == stage::booting);
    }
}

TEST_CASE("a worker that does not leave its slot in time is killed, and the slot is held")
{
    worker_life life;
    REQUIRE(life.on(cause::ready));
    REQUIRE(life.on(cause::hold_asked));
    CHECK(life.on(cause::deadline) == order::kill);
    CHECK(life.on(cause::deadline) == order::kill);
    CHECK(life.on(cause::died) == order::hold);
}

TEST_CASE("a slot that was to be held is given up with all others when everybody leaves")
{
    worker_life life;
    REQUIRE(life.on(cause::hold_asked));
    CHECK(life.on(cause::drain_asked) == order::none);
    CHECK(life.on(cause::died) == order::forget);
    CHECK(reachable_from(stage::held).contains(stage::gone));
}
