#include <cohort/board/tickets.hpp>

#include <cohort/board/segment.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::board;
using namespace std::chrono_literals;

namespace {

constexpr steady_time start{1h};

segment make_board(unsigned slots = 4)
{
    auto board = segment::create(slots);
    REQUIRE(board);
    return std::move(*board);
}

ticket offer(const tickets& of, const ticket_terms& what, steady_time when = start)
{
    const auto made = of.offer(what, when);
    REQUIRE(made);
    return *made;
}

}  // namespace

TEST_CASE("a ticket is taken once, or revoked, and what was decided stays decided")
{
    const segment board = make_board();
    const tickets of = board.tickets();
    const ticket_terms terms{.from = 1, .to = 2, .endpoint = 7, .cookie = 99};

    const ticket first = offer(of, terms);
    CHECK(first != ticket::none);
    CHECK(of.giver(first) == 1U);
    REQUIRE(of.look(first));
    CHECK(of.look(first)->now == passage::offered);
    CHECK(of.look(first)->terms == terms);
    CHECK(of.look(first)->since == start);
    CHECK(of.take(first));
    CHECK_FALSE(of.take(first));
    CHECK(of.hold(first));
    CHECK_FALSE(of.revoke(first));
    CHECK(of.look(first)->now == passage::taken);
    of.settle(first);
    CHECK_FALSE(of.look(first));
    CHECK_FALSE(of.hold(first));
    CHECK_FALSE(of.revoke(first));

    const ticket second = offer(of, terms);
    CHECK(of.revoke(second));
    CHECK(of.revoke(second));
    CHECK_FALSE(of.take(second));
    CHECK_FALSE(of.hold(second));
    of.settle(second);
    CHECK_FALSE(of.revoke(second));
    CHECK_FALSE(of.take(second));

    const ticket third = offer(of, terms);
    of.settle(third);
    CHECK(of.look(third)->now == passage::offered);
    CHECK(of.hold(third));
}

TEST_CASE("a stale number never matches a new ticket")
{
    const segment board = make_board(1);
    const tickets of = board.tickets();
    std::set<ticket> seen;
    for (std::uint32_t i = 0; i < 50 * tickets::per_slot; ++i) {
        const ticket now = offer(of, {.from = 0, .to = tickets::from_primary, .cookie = i});
        REQUIRE(seen.insert(now).second);
        REQUIRE(of.take(now));
        of.settle(now);
        of.settle(now);
    }
    const ticket last = offer(of, {.from = 0, .to = tickets::from_primary});
    for (const ticket old : seen) {
        REQUIRE_FALSE(of.take(old));
        REQUIRE_FALSE(of.revoke(old));
        REQUIRE_FALSE(of.look(old));
        of.settle(old);
    }
    CHECK(of.take(last));
}

TEST_CASE("each giver has a range of its own, and keeps its connection when it is used up")
{
    const segment board = make_board(2);
    const tickets of = board.tickets();
    std::set<ticket> all;
    for (std::uint32_t i = 0; i < tickets::per_slot; ++i)
        CHECK(all.insert(offer(of, {.from = 0, .to = 1})).second);
    CHECK_FALSE(of.offer({.from = 0, .to = 1}, start));
    for (std::uint32_t i = 0; i < tickets::of_primary; ++i)
        CHECK(all.insert(offer(of, {.from = tickets::from_primary, .to = 1})).second);
    CHECK_FALSE(of.offer({.from = tickets::from_primary, .to = 1}, start));
    const ticket other = offer(of, {.from = 1, .to = 0});
    CHECK(of.giver(other) == 1U);
    CHECK(all.insert(other).second);
    CHECK(of.giver(*all.rbegin()) == tickets::from_primary);
    CHECK(of.under_way(0).size() == tickets::per_slot);
    CHECK(of.under_way(1).size() == 1);
    CHECK(of.under_way(tickets::from_primary).size() == tickets::of_primary);

    const auto one = of.under_way(0).at(10);
    CHECK(of.take(one.which));
    CHECK_FALSE(of.offer({.from = 0, .to = 1}, start));
    of.settle(one.which);
    CHECK(of.offer({.from = 0, .to = 1}, start));
}

TEST_CASE("nonsense is offered to nobody, and no number matches")
{
    const segment board = make_board(2);
    const tickets of = board.tickets();
    CHECK_FALSE(of.offer({.from = 2, .to = 0}, start));
    CHECK_FALSE(of.offer({.from = 0, .to = 2}, start));
    CHECK_FALSE(of.offer({.from = 1, .to = 1}, start));
    CHECK_FALSE(of.offer({.from = 256, .to = 1}, start));
    for (const std::uint32_t number : {0U, 1U, 0x7fffU, 0x8000U, 0xffffU, 0xffff'ffffU}) {
        const auto which = static_cast<ticket>(number);
        CHECK_FALSE(of.take(which));
        CHECK_FALSE(of.hold(which));
        CHECK_FALSE(of.revoke(which));
        CHECK_FALSE(of.look(which));
        of.settle(which);
    }
    CHECK_FALSE(of.giver(ticket::none));
    CHECK_FALSE(of.giver(static_cast<ticket>(0xffff'ffffU)));
    CHECK(of.under_way(7).empty());
}

TEST_CASE("a socket whose message died with its reader is found by its cookie")
{
    const segment board = make_board();
    const tickets of = board.tickets();
    const ticket there = offer(of, {.from = 0, .to = 3, .endpoint = 5, .cookie = 1234});
    offer(of, {.from = 0, .to = 2, .cookie = 555});
    CHECK(of.find_offered({.cookie = 1234, .to = 3}) == there);
    CHECK_FALSE(of.find_offered({.cookie = 1234, .to = 2}));
    CHECK_FALSE(of.find_offered({.cookie = 1, .to = 3}));
    CHECK(of.take(there));
    CHECK_FALSE(of.find_offered({.cookie = 1234, .to = 3}));
}

TEST_CASE("what the dead left behind is used again when it is needed, and not before")
{
    const segment board = make_board(2);
    const tickets of = board.tickets();
    const ticket old = offer(of, {.from = 0, .to = 1});
    for (std::uint32_t i = 1; i < tickets::per_slot; ++i)
        offer(of, {.from = 0, .to = 1}, start + 1min);
    CHECK_FALSE(of.offer({.from = 0, .to = 1}, start + 4min));
    const ticket fresh = offer(of, {.from = 0, .to = 1}, start + tickets::abandoned_after);
    CHECK_FALSE(of.look(old));
    CHECK_FALSE(of.take(old));
    CHECK(of.take(fresh));
    CHECK_FALSE(of.offer({.from = 0, .to = 1}, start + tickets::abandoned_after));

    // A slot is closed for good.
    for (const auto& each : of.under_way(0))
        static_cast<void>(of.take(each.which));
    of.settle_all(0);
    CHECK(of.under_way(0).size() == tickets::per_slot);
    of.settle_all(1);
    CHECK(of.under_way(0).empty());
    const ticket revoked = offer(of, {.from = 0, .to = 1});
    const ticket under_way = offer(of, {.from = 0, .to = 1});
    CHECK(of.revoke(revoked));
    of.settle_all(1);
    CHECK(of.look(revoked));
    of.settle_all(0);
    CHECK_FALSE(of.look(revoked));
    CHECK(of.take(under_way));
}

TEST_CASE("of a taker and a revoker at the same time exactly one wins")
{
    const segment board = make_board(2);
    const tickets of = board.tickets();
    constexpr std::uint32_t rounds = 5000;
    std::atomic<std::uint32_t> round{0};
    std::atomic<std::uint32_t> shared{0};
    std::atomic<std::uint32_t> done{0};
    std::vector<char> taken(rounds + 1);
    std::jthread taker{[&] {
        for (std::uint32_t at = 1; at <= rounds; ++at) {
            while (round.load() < at)
                std::this_thread::yield();
            taken[at] = of.take(static_cast<ticket>(shared.load())) ? 1 : 0;
            done.store(at);
        }
    }};
    std::uint32_t both_or_none = 0;
    for (std::uint32_t at = 1; at <= rounds; ++at) {
        const ticket which = offer(of, {.from = 0, .to = 1});
        shared.store(std::to_underlying(which));
        round.store(at);
        if (at % 3 == 0)
            std::this_thread::yield();
        const bool revoked = of.revoke(which);
        while (done.load() < at)
            std::this_thread::yield();
        both_or_none += revoked == (taken[at] == 1) ? 1U : 0U;
        of.settle(which);
    }
    CHECK(both_or_none == 0);
}
