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

TEST_CASE("who does not listen where the giver does is given nothing of its")
{
    listeners doors{config::policy::balanced};
    constexpr std::uint32_t both = 1;
    constexpr std::uint32_t one = 2;
    constexpr std::uint32_t other = 3;
    const auto listen = [&doors](std::uint32_t who, std::uint32_t index) {
        ipc::listen_request what;
        what.where = "tcp://127.0.0.1:0";
        what.index = index;
        REQUIRE(doors.ask({.id = who, .slot = who}, what));
    };
    listen(both, 0);
    listen(both, 1);
    listen(one, 0);
    listen(other, 1);
    CHECK(can_take_from(doors, both, one));
    CHECK(can_take_from(doors, both, other));
    CHECK_FALSE(can_take_from(doors, one, both));
    CHECK_FALSE(can_take_from(doors, one, other));
    listen(one, 1);
    CHECK(can_take_from(doors, one, both));
    doors.leave(one, doors.all().begin()->first);
    CHECK_FALSE(can_take_from(doors, one, both));
}

using step = sharing_rounds::step;

TEST_CASE("a round whose orders could not be sent is not the end")
{
    sharing_rounds rounds;
    const auto at = steady_time{} + std::chrono::hours{1};
    CHECK(rounds.look({}, true, false, at) == step::ask);
    rounds.asked(0, at);
    CHECK(rounds.look({}, true, false, at) == step::ask);
    CHECK(rounds.look({}, false, false, at) == step::done);
}

TEST_CASE("a round lasts until what it asked for has come, or its time is over")
{
    sharing_rounds rounds;
    const auto at = steady_time{} + std::chrono::hours{1};
    CHECK(rounds.look({.inbox_taken_total = 7}, true, false, at) == step::ask);
    rounds.asked(5, at);
    CHECK(rounds.look({.inbox_taken_total = 11}, true, false, at) == step::wait);
    CHECK(rounds.look({.inbox_taken_total = 12}, true, false, at) == step::ask);
    rounds.asked(5, at);
    const auto later = at + sharing_rounds::giving_longest;
    CHECK(rounds.look({.inbox_taken_total = 12}, true, false, later) == step::ask);
}

TEST_CASE("who does not listen everywhere yet waits for those whose connections it cannot take")
{
    sharing_rounds rounds;
    const auto at = steady_time{} + std::chrono::hours{1};
    CHECK(rounds.look({}, false, true, at) == step::wait);
    CHECK(rounds.look({}, true, false, at) == step::ask);
}
