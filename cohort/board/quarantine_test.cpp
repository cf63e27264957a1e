#include <cohort/board/quarantine.hpp>

#include <cohort/base/random.hpp>
#include <cohort/board/segment.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::board;
using namespace std::chrono_literals;

namespace {

constexpr steady_time start{1h};

std::unique_ptr<quarantine_table> fresh() { return std::make_unique<quarantine_table>(); }

}  // namespace

TEST_CASE("the second strike within the period quarantines a fingerprint, for the period")
{
    const auto table = fresh();
    const quarantine of{*table};
    CHECK(of.empty());
    CHECK_FALSE(of.contains(7, start));
    CHECK(of.strike(7, start, 10s) == 1);
    CHECK_FALSE(of.empty());
    CHECK_FALSE(of.contains(7, start));
    CHECK(of.suspects(7, start));
    CHECK_FALSE(of.suspects(8, start));
    CHECK(of.strike(7, start + 9s, 10s) == 2);
    CHECK_FALSE(of.empty());
    CHECK(of.contains(7, start + 9s));
    CHECK(of.contains(7, start + 18s));
    CHECK_FALSE(of.contains(8, start + 9s));
    CHECK(of.size(start + 9s) == 1);
    CHECK(of.total().added == 1);
    CHECK(of.total().caught == 2);

    CHECK_FALSE(of.contains(7, start + 20s));
    CHECK(of.empty());
    CHECK(of.size(start + 20s) == 0);
    CHECK(of.strike(7, start + 20s, 10s) == 1);
    CHECK_FALSE(of.contains(7, start + 20s));
    CHECK(of.cases() == 3);
}

TEST_CASE("a strike long after the first one is a first one")
{
    const auto table = fresh();
    const quarantine of{*table};
    CHECK(of.strike(7, start, 10s) == 1);
    CHECK(of.strike(7, start + 11s, 10s) == 1);
    CHECK(of.strike(7, start + 12s, 10s) == 2);
    CHECK(of.strike(7, start + 21s, 10s) == 3);
    CHECK(of.contains(7, start + 30s));
    CHECK(of.total().added == 1);
}

TEST_CASE("one can be put into quarantine without a strike, also fingerprint 0")
{
    const auto table = fresh();
    const quarantine of{*table};
    of.add(0, start, 1s);
    of.add(~std::uint64_t{0}, start, 2s);
    CHECK(of.contains(0, start));
    CHECK(of.contains(~std::uint64_t{0}, start + 1500ms));
    CHECK_FALSE(of.contains(0, start + 1500ms));
    CHECK_FALSE(of.empty());
    of.add(5, start, -1s);
    CHECK_FALSE(of.contains(5, start));
}

TEST_CASE("a full table gives up suspects first, and then who has the least time left")
{
    const auto table = fresh();
    const quarantine of{*table};
    for (std::uint64_t i = 0; i < quarantine_max - 1; ++i)
        of.add(1000 + i, start, 10s + i * 1ms);
    of.strike(1, start, 20s);
    CHECK(of.total().displaced == 0);
    of.add(2, start, 20s);
    CHECK(of.total().displaced == 1);
    CHECK(of.strike(1, start, 20s) == 1);
    CHECK_FALSE(of.contains(1000, start));
    CHECK(of.contains(1001, start));
    of.add(3, start, 20s);
    CHECK(of.contains(1001, start));
    of.add(4, start, 20s);
    CHECK_FALSE(of.contains(1001, start));
    CHECK(of.contains(1002, start));
    CHECK(of.size(start) == quarantine_max);
    // Once their time is over, there is room without pushing anybody out.
    const auto displaced = of.total().displaced;
    for (std::uint64_t i = 0; i < 100; ++i)
        of.add(i, start + 15s, 10s);
    CHECK(of.total().displaced == displaced);
}

TEST_CASE("whatever a wild pointer wrote refuses nobody else, and nobody for ever")
{
    const auto table = fresh();
    const quarantine of{*table};
    random_source dice{1};
    table->last_until_ns.store(~std::uint64_t{0});
    table->used.store(~0U);
    for (auto& entry : table->entries) {
        entry.fingerprint.store(42);
        entry.sentence.store(dice.next());
        entry.trial.store(dice.next());
    }
    CHECK_FALSE(of.contains(43, start));
    CHECK_FALSE(of.contains(42, start));
    of.add(43, start, 1s);
    CHECK(of.contains(43, start));
}

TEST_CASE("many writers at the same time lose no strike of one fingerprint")
{
    auto board = segment::create(1);
    REQUIRE(board);
    constexpr int each = 50;
    {
        std::vector<std::jthread> writers;
        for (std::uint64_t who = 0; who < 4; ++who) {
            writers.emplace_back([&board, who] {
                const quarantine of = board->quarantine();
                for (int i = 0; i < each; ++i) {
                    of.strike(7777, start, 10s);
                    of.strike(who * 1000 + static_cast<std::uint64_t>(i) % 20, start, 10s);
                }
            });
        }
    }
    const quarantine of = board->quarantine();
    // Two entries may have come into being when two writers were first at the same time.
    CHECK(of.strike(7777, start, 10s) > 2);
    CHECK(of.contains(7777, start));
    for (std::uint64_t who = 0; who < 4; ++who) {
        for (std::uint64_t i = 0; i < 20; ++i)
            CHECK(of.contains(who * 1000 + i, start));
    }
    CHECK(of.total().displaced == 0);
}
