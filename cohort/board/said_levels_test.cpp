#include <cohort/board/said_levels.hpp>

#include <cohort/board/segment.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::board;

TEST_CASE("what is said of a slot counts there, what is said of all counts in the others")
{
    const auto made = segment::create(4).value();
    const auto said = said_levels::open(made.commons()).value();
    CHECK_FALSE(said.of_all());
    CHECK_FALSE(said.in_slot(0));
    said.say_of_all(3);
    said.say(1, 0);
    CHECK(said.of_all() == 3);
    CHECK(said.in_slot(0) == 3);
    CHECK(said.in_slot(1) == 0);
    // Whoever opens it later finds the same: a newborn, or another primary.
    const auto again = said_levels::open(made.commons()).value();
    CHECK(again.in_slot(1) == 0);
    again.say(1, std::nullopt);
    CHECK(said.in_slot(1) == 3);
}

TEST_CASE("what is said of all is the last word on every slot")
{
    const auto made = segment::create(4).value();
    const auto said = said_levels::open(made.commons()).value();
    said.say(2, 1);
    said.say_of_all(std::nullopt);
    CHECK_FALSE(said.in_slot(2));
}

TEST_CASE("what is no level counts for nothing")
{
    const auto made = segment::create(4).value();
    const auto said = said_levels::open(made.commons()).value();
    said.say_of_all(said_levels::level_max);
    CHECK(said.of_all() == said_levels::level_max);
    said.say_of_all(said_levels::level_max + 1);
    CHECK_FALSE(said.of_all());
}

TEST_CASE("there is nothing to be said of a slot that cannot be")
{
    const auto made = segment::create(4).value();
    const auto said = said_levels::open(made.commons()).value();
    said.say(slots_max, 1);
    said.say(UINT32_MAX, 1);
    CHECK_FALSE(said.in_slot(slots_max));
    CHECK_FALSE(said.of_all());
}
