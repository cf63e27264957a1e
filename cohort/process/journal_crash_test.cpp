// Deaths at every single instruction of a commit, a passage and a strike: what is left is the old
// state or the new one, and a connection belongs to exactly one side. It stands in this room
// because only this room knows how to give birth.

#include <cohort/base/random.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/process/detail/slow_motion_test.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <set>
#include <utility>

using namespace cohort;
using process::kit::at_every_instruction;
using process::kit::slow_motion;
using process::kit::snapshot;
using namespace std::chrono_literals;
using board::connection_record;
using board::connection_state;
using board::journal;
using board::standing;
using board::ticket;

namespace {

/// All of it says the same number.
connection_state pattern(std::uint16_t number)
{
    connection_state state;
    state.base = state.parsed = state.out_base = state.composed = state.answer = number;
    state.body = number;
    state.input = {.first = number, .blocks = number};
    state.output = state.input;
    state.requests = state.ticket = number;
    state.attempt = static_cast<std::uint8_t>(number);
    state.crashes = state.kills = state.marks = static_cast<std::uint8_t>(number);
    state.now = standing::idle;
    return state;
}

bool same(const connection_state& a, const connection_state& b)
{
    return a.base == b.base && a.parsed == b.parsed && a.out_base == b.out_base &&
           a.composed == b.composed && a.answer == b.answer && a.body == b.body &&
           a.input == b.input && a.output == b.output && a.requests == b.requests &&
           a.ticket == b.ticket && a.attempt == b.attempt && a.crashes == b.crashes &&
           a.kills == b.kills && a.marks == b.marks && a.now == b.now;
}

journal small_journal(std::uint32_t slot)
{
    auto made =
        journal::create({.records = 8, .arena_bytes = 4 * journal::block_bytes, .slot = slot});
    REQUIRE(made);
    return std::move(*made);
}

constexpr steady_time start{1h};
constexpr std::uint64_t cookie = 4711;

/// A connection of slot 0 on its way to slot 1. What is not in shared memory outlives nobody.
struct passage_scene {
    board::segment board;
    journal giver = small_journal(0);
    journal taker = small_journal(1);

    static constexpr int here = 5;   // its descriptor at the giver's
    static constexpr int there = 3;  // its descriptor at the taker's

    passage_scene()
        : board{std::move(*board::segment::create(2))}
    {}

    [[nodiscard]] static connection_state with(standing now, ticket which = ticket::none)
    {
        connection_state state;
        state.now = now;
        state.ticket = std::to_underlying(which);
        return state;
    }
    [[nodiscard]] connection_record& at_giver() const { return *giver.record(here); }
    [[nodiscard]] connection_record& at_taker() const { return *taker.record(there); }
    // The inbox: one message at most, which the kernel delivers or does not. A word of the board
    // that nobody else uses stands for it.
    [[nodiscard]] std::atomic<std::uint64_t>& inbox() const { return board.row(1).beat_ns; }
    // The same for "the taker's table has the descriptor".
    [[nodiscard]] std::atomic<std::uint64_t>& arrived() const { return board.row(1).tenant; }

    /// Twice for each instruction: check(false), check(true).
    template <class Script, class Check>
    void walk(const Script& script, const Check& check) const
    {
        snapshot shared{board.fd()};
        snapshot giving{giver.fd()};
        snapshot taking{taker.fd()};
        const std::array memory{&shared, &giving, &taking};
        at_every_instruction(script, memory, [&] {
            check(false);
            for (const snapshot* each : memory)
                each->put_back();
            check(true);
        });
    }

    void begin() const
    {
        at_giver().commit(with(standing::idle));
        at_taker().commit(with(standing::free));
        inbox().store(0);
        arrived().store(0);
    }

    void give() const noexcept
    {
        const auto which =
            board.tickets().offer({.from = 0, .to = 1, .endpoint = 1, .cookie = cookie}, start);
        if (!which)
            ::_exit(1);
        at_giver().commit(with(standing::passing, *which));
        inbox().store(std::to_underlying(*which));
        at_giver().commit(with(standing::free));
    }

    void take() const noexcept
    {
        const std::uint64_t message = inbox().load();
        if (message == 0)
            return;
        // recvmsg(2) takes the message and makes the descriptor in one step; here it is the first
        // of these two, and the second can be repeated.
        arrived().store(message);
        inbox().store(0);
        const auto which = static_cast<ticket>(message);
        at_taker().commit(with(standing::passing, which));
        if (!board.tickets().take(which)) {
            at_taker().commit(with(standing::free));
            arrived().store(0);
            return;
        }
        at_taker().commit(with(standing::idle));
        board.tickets().settle(which);
    }

    void decide_at_giver() const noexcept
    {
        const connection_state found = at_giver().state();
        if (found.now != standing::passing)
            return;
        const auto which = static_cast<ticket>(found.ticket);
        const bool ours = board.tickets().giver(which) == 0U && board.tickets().revoke(which);
        at_giver().commit(with(ours ? standing::idle : standing::free));
        if (ours)
            board.tickets().settle(which);
    }
    void succeed_giver() const
    {
        decide_at_giver();
        board.tickets().settle_all(0);
    }

    void succeed_taker() const
    {
        const connection_state found = at_taker().state();
        if (found.now == standing::passing) {
            const bool ours = board.tickets().hold(static_cast<ticket>(found.ticket));
            at_taker().commit(with(ours ? standing::idle : standing::free));
            if (!ours)
                arrived().store(0);
        } else if (found.now == standing::free && arrived().load() != 0) {
            // Out of the inbox, and not recorded: the socket itself says which ticket it has.
            const auto which = board.tickets().find_offered({.cookie = cookie, .to = 1});
            if (which && board.tickets().take(*which))
                at_taker().commit(with(standing::idle));
            else
                arrived().store(0);
        }
        inbox().store(arrived().load() != 0 ? 0 : inbox().load());
        board.tickets().settle_all(1);
        take();
    }

    [[nodiscard]] ticket under_way() const { return board.tickets().under_way(0).at(0).which; }

    void check_one_owner() const
    {
        const standing here_now = at_giver().state().now;
        const standing there_now = at_taker().state().now;
        CHECK((here_now == standing::idle) != (there_now == standing::idle));
        CHECK(here_now != standing::passing);
        CHECK(there_now != standing::passing);
        board.tickets().settle_all(0);
        board.tickets().settle_all(1);
        // At most an offer that was never sent is left; the next round needs its entry back.
        for (const auto& left : board.tickets().under_way(0)) {
            CHECK(left.now == board::passage::offered);
            CHECK(here_now == standing::idle);
            CHECK(board.tickets().revoke(left.which));
            board.tickets().settle(left.which);
        }
    }
};

}  // namespace

TEST_CASE("a death at any instruction of a commit leaves the old state or the new one")
{
    const journal of = small_journal(0);
    connection_record& record = *of.record(4);
    record.commit(pattern(1));
    std::set<std::uint16_t> seen;
    at_every_instruction(
        [&]() noexcept {
            record.commit(pattern(2));
            record.commit(pattern(3));
        },
        std::array<snapshot*, 0>{},
        [&] {
            const connection_state left = record.state();
            CHECK(same(left, pattern(static_cast<std::uint16_t>(left.ticket))));
            CHECK(left.ticket >= (seen.empty() ? 1 : *seen.rbegin()));
            seen.insert(left.ticket);
        });
    if (!seen.empty())
        CHECK(seen == std::set<std::uint16_t>{1, 2, 3});
}

TEST_CASE("a giver that dies at any instruction leaves its connection to exactly one side")
{
    const passage_scene scene;
    scene.begin();
    // Who is first decides, and either may be.
    std::set<std::pair<bool, bool>> seen;
    scene.walk([&]() noexcept { scene.give(); },
               [&](bool successor_first) {
                   if (successor_first)
                       scene.succeed_giver();
                   scene.take();
                   scene.succeed_giver();
                   scene.check_one_owner();
                   seen.emplace(successor_first, scene.at_giver().state().now == standing::idle);
               });
    if (!seen.empty())
        CHECK(seen.size() == 4);
}

TEST_CASE("a taker that dies at any instruction leaves the connection to exactly one side")
{
    const passage_scene scene;
    scene.begin();
    scene.give();
    scene.walk([&]() noexcept { scene.take(); },
               [&](bool giver_died_too) {
                   if (giver_died_too)
                       scene.succeed_giver();
                   scene.succeed_taker();
                   scene.check_one_owner();
                   CHECK(scene.at_taker().state().now == standing::idle);
               });
}

TEST_CASE("a taker that dies while its giver takes the offer back gets it, or does not")
{
    const passage_scene scene;
    scene.begin();
    scene.give();
    // The giver died before its last commit.
    scene.at_giver().commit(passage_scene::with(standing::passing, scene.under_way()));
    std::set<bool> kept;
    scene.walk([&]() noexcept { scene.take(); },
               [&](bool giver_first) {
                   if (giver_first)
                       scene.succeed_giver();
                   scene.succeed_taker();
                   scene.succeed_giver();
                   scene.check_one_owner();
                   kept.insert(scene.at_giver().state().now == standing::idle);
               });
    if (!kept.empty())
        CHECK(kept.size() == 2);
}

TEST_CASE("a giver's successor that dies at any instruction has decided nothing twice")
{
    const passage_scene scene;
    scene.begin();
    scene.give();
    scene.at_giver().commit(passage_scene::with(standing::passing, scene.under_way()));
    scene.walk([&]() noexcept { scene.decide_at_giver(); },
               [&](bool taker_first) {
                   if (taker_first)
                       scene.take();
                   scene.succeed_giver();
                   scene.take();
                   scene.check_one_owner();
               });
}

TEST_CASE("a giver and a taker that both die anywhere leave the connection to exactly one side")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    INFO("seed ", seed);
    random_source dice{seed};
    const passage_scene scene;
    const auto die_in = [&](const auto& script) {
        slow_motion actor{script};
        for (auto left = dice.next() % 300; left != 0 && actor.step(); --left) {
        }
    };
    for (int round = 0; round < 60; ++round) {
        scene.begin();
        die_in([&]() noexcept { scene.give(); });
        // A successor of the giver may come before, between or after.
        const auto when = dice.next() % 3;
        if (when == 0)
            scene.succeed_giver();
        die_in([&]() noexcept { scene.take(); });
        if (when == 1)
            scene.succeed_giver();
        scene.succeed_taker();
        scene.succeed_giver();
        scene.check_one_owner();
    }
}

TEST_CASE("a striker that dies at any instruction loses its strike at most")
{
    auto board = board::segment::create(1);
    REQUIRE(board);
    const board::quarantine of = board->quarantine();
    of.add(99, start, 1h);
    snapshot memory{board->fd()};
    std::set<unsigned> counts;
    at_every_instruction(
        [&]() noexcept {
            of.strike(100, start, 1min);
            of.strike(100, start, 1min);
        },
        std::array{&memory},
        [&] {
            const bool refused = of.contains(100, start);
            const unsigned strikes = of.strike(100, start, 1min);
            CHECK(refused == (strikes == 3));
            counts.insert(strikes);
            of.strike(100, start, 1min);
            CHECK(of.contains(100, start));
            CHECK(of.contains(99, start));
        });
    if (!counts.empty())
        CHECK(counts == std::set{1U, 2U, 3U});
}
