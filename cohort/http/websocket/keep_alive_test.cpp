#include <cohort/http/websocket/keep_alive.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;
using verdict = keep_alive::verdict;

TEST_CASE("who is silent is pinged, and cut if that brings nothing")
{
    keep_alive alive;
    CHECK(alive.on_tick({.heard = 1}) == verdict::wait);
    CHECK(alive.on_tick({.heard = 1}) == verdict::ping);
    CHECK(alive.on_tick({.heard = 2}) == verdict::wait);
    CHECK(alive.on_tick({.heard = 2}) == verdict::ping);
    CHECK(alive.on_tick({.heard = 2}) == verdict::cut);
}

TEST_CASE("nobody is cut because our own handler does not read")
{
    keep_alive alive;
    CHECK(alive.on_tick({}) == verdict::ping);
    CHECK(alive.on_tick({.listening = false}) == verdict::wait);
    CHECK(alive.on_tick({.listening = false}) == verdict::wait);
    CHECK(alive.on_tick({}) == verdict::ping);
}

TEST_CASE("who takes nothing for a whole round is cut, however much it says")
{
    keep_alive alive;
    CHECK(alive.on_tick({.heard = 1, .written = 1, .writing = true}) == verdict::wait);
    CHECK(alive.on_tick({.heard = 2, .written = 2, .writing = true}) == verdict::wait);
    CHECK(alive.on_tick({.heard = 3, .written = 2, .writing = true}) == verdict::cut);
}

TEST_CASE("a queue that was empty meanwhile has not been stuck")
{
    keep_alive alive;
    CHECK(alive.on_tick({.heard = 1, .written = 1, .writing = false}) == verdict::wait);
    CHECK(alive.on_tick({.heard = 2, .written = 1, .writing = true}) == verdict::wait);
}
