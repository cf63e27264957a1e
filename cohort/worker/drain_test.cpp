#include <cohort/worker/drain.hpp>

#include <doctest/doctest.h>

using namespace cohort::work;

TEST_CASE("asking a worker to leave many times begins one drain")
{
    drain d;
    CHECK(d.on(nudge::told) == deed::begin_drain);
    CHECK(d.on(nudge::told) == deed::none);
    CHECK(d.on(nudge::own_will) == deed::none);
    CHECK(d.on(nudge::primary_lost) == deed::none);
    CHECK(d.on(nudge::nothing_left) == deed::leave);
}

TEST_CASE("a worker that lost its primary drains and leaves")
{
    drain d;
    CHECK(d.on(nudge::primary_lost) == deed::begin_drain);
    CHECK(d.on(nudge::deadline) == deed::leave_unfinished);
    CHECK(d.now() == phase::leaving);
}

TEST_CASE("a deadline means nothing to a worker that is not draining")
{
    drain d;
    CHECK(d.on(nudge::deadline) == deed::none);
    CHECK(d.now() == phase::running);
}

TEST_CASE("once it leaves, nothing brings a worker back")
{
    for (const nudge each : {nudge::told, nudge::own_will, nudge::primary_lost, nudge::nothing_left,
                             nudge::deadline, nudge::quit})
    {
        drain d;
        REQUIRE(d.on(nudge::quit) == deed::leave);
        CHECK(d.on(each) == deed::none);
        CHECK(d.now() == phase::leaving);
    }
}

TEST_CASE("every phase but the last can end without the program's help")
{
    drain d;
    REQUIRE(d.on(nudge::told) == deed::begin_drain);
    CHECK(d.on(nudge::deadline) == deed::leave_unfinished);
}
