#include <cohort/primary/sharing.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace cohort;
using namespace cohort::primary;

namespace {

using gifts = std::vector<gift>;

/// Slots 0, 1, … with so many connections each; all accept.
std::vector<net::load> having(const std::vector<std::uint32_t>& connections)
{
    std::vector<net::load> all;
    for (const std::uint32_t each : connections) {
        const auto slot = static_cast<std::uint32_t>(all.size());
        all.push_back({.slot = slot, .connections_open = each, .accepting = true});
    }
    return all;
}

}  // namespace

TEST_CASE("a newcomer gets what everybody has on average, from who has more")
{
    CHECK(gifts_for(2, having({15, 15, 0})) == gifts{{0, 5}, {1, 5}});
    CHECK(gifts_for(2, having({30, 0, 0})) == gifts{{0, 10}});
    CHECK(gifts_for(1, having({9, 2, 1})) == gifts{{0, 2}});
}

TEST_CASE("one connection alone goes to the newcomer: otherwise nobody would ask it anything")
{
    CHECK(gifts_for(1, having({1, 0})) == gifts{{0, 1}});
    CHECK(gifts_for(3, having({1, 1, 0, 0})) == gifts{{0, 1}});
}

TEST_CASE("who has its share, or nearly, gets nothing")
{
    CHECK(gifts_for(0, having({0, 0})).empty());
    CHECK(gifts_for(1, having({5, 5})).empty());
    CHECK(gifts_for(1, having({90, 72})).empty());
    CHECK(gifts_for(1, having({3, 9})).empty());
}

TEST_CASE("nobody gives too much at a time")
{
    CHECK(gifts_for(2, having({10'000, 10'000, 0})) == gifts{{0, gift_max}, {1, gift_max}});
}

TEST_CASE("who does not accept, or is not there, gets nothing")
{
    auto all = having({10, 0});
    all[1].accepting = false;
    CHECK(gifts_for(1, all).empty());
    CHECK(gifts_for(7, having({10, 0})).empty());
}

TEST_CASE("the gifts of many come to what is missing, whatever the numbers are")
{
    for (std::uint32_t many = 1; many < 40; ++many) {
        for (std::uint32_t more = 0; more < 40; ++more) {
            const auto all = having({many, many + more, 3, 0});
            const std::uint32_t sum = many + many + more + 3;
            std::uint32_t given = 0;
            for (const gift& each : gifts_for(3, all)) {
                given += each.connections;
                CHECK(all[each.from].connections_open - each.connections >= sum / 4);
            }
            CHECK(given == (sum / 4 == 0 ? 1 : sum / 4));
        }
    }
}
