#include <cohort/http/limiting/concurrency_table.hpp>

#include <cohort/board/segment.hpp>
#include <cohort/board/slot.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace cohort;
using namespace cohort::http;
using entry = concurrency_table::entry;

namespace {

/// A cohort in one process: it sits in all slots.
struct cohort_of_one {
    explicit cohort_of_one(unsigned slots, std::size_t keys = 64)
        : board{board::segment::create(slots).value()},
          memory{board.commons().area("table", concurrency_table::bytes_for(keys)).value()},
          table{memory, board.commons().rows()}
    {
        for (unsigned slot = 0; slot < slots; ++slot)
            sit(slot);
    }
    void sit(unsigned slot)
    {
        board::move_in(board.row(slot),
                       {.tenant = board::tenant_of(1, ::getpid()), .worker_id = ++last_id});
    }

    board::segment board;
    std::span<std::byte> memory;
    concurrency_table table;
    std::uint64_t last_id = 0;
};

}  // namespace

TEST_CASE("each key has so many places, wherever in the cohort they are taken")
{
    cohort_of_one all{3};
    const auto a = all.table.hash("a");
    const auto b = all.table.hash("b");
    CHECK(all.table.enter(a, 2, 0).under_way == 1);
    CHECK(all.table.enter(a, 2, 1).under_way == 2);
    const auto refused = all.table.enter(a, 2, 2);
    CHECK(refused.what == entry::refused);
    CHECK(refused.under_way == 2);
    CHECK(all.table.enter(b, 2, 2).what == entry::counted);
    all.table.leave(a, 0);
    CHECK(all.table.enter(a, 2, 2).what == entry::counted);
    CHECK(all.table.enter(a, 2, 0).what == entry::refused);
    CHECK(all.table.under_way(a) == 2);
    all.table.leave(a, 1);
    all.table.leave(a, 2);
    all.table.leave(b, 2);
    all.table.leave(b, 2);
    CHECK(all.table.under_way(a) == 0);
    CHECK(all.table.under_way(b) == 0);
    CHECK(all.table.uncounted() == 0);
}

TEST_CASE("what the dead had counts no more when they are buried, or when somebody follows them")
{
    cohort_of_one all{2};
    const auto key = all.table.hash("a");
    CHECK(all.table.enter(key, 2, 0).what == entry::counted);
    CHECK(all.table.enter(key, 2, 0).what == entry::counted);
    CHECK(all.table.enter(key, 2, 1).what == entry::refused);
    board::vacate(all.board.row(0));
    CHECK(all.table.under_way(key) == 0);
    CHECK(all.table.enter(key, 2, 1).what == entry::counted);

    all.sit(0);
    CHECK(all.table.under_way(key) == 1);
    CHECK(all.table.enter(key, 2, 0).under_way == 2);
    all.sit(0);
    CHECK(all.table.enter(key, 2, 0).under_way == 2);
    // The third one leaves; what the second has counted is not its business.
    all.table.leave(key, 0);
    CHECK(all.table.under_way(key) == 1);
    all.table.leave(key, 0);
    CHECK(all.table.under_way(key) == 1);
}

TEST_CASE("a request that is run again has its place, however many others have come meanwhile")
{
    cohort_of_one all{2};
    const auto key = all.table.hash("a");
    CHECK(all.table.enter(key, 1, 0).what == entry::counted);
    all.sit(0);
    CHECK(all.table.enter(key, 1, 1).what == entry::counted);
    const auto again = all.table.enter_again(key, 0);
    CHECK(again.what == entry::counted);
    CHECK(again.under_way == 2);
    CHECK(all.table.enter(key, 2, 1).what == entry::refused);
    all.table.leave(key, 0);
    all.table.leave(key, 1);
    CHECK(all.table.under_way(key) == 0);
}

TEST_CASE("who sits in no slot, or has lost it, is let in without being counted")
{
    cohort_of_one all{1};
    const auto key = all.table.hash("a");
    CHECK(all.table.enter(key, 1, 1).what == entry::uncounted);
    CHECK(all.table.enter(key, 1, 1'000).what == entry::uncounted);
    board::move_in(all.board.row(0), {.tenant = board::tenant_of(1, 1), .worker_id = 9});
    CHECK(all.table.enter(key, 1, 0).what == entry::uncounted);
    all.table.leave(key, 0);
    CHECK(all.table.uncounted() == 3);
}

TEST_CASE("more keys than there is room for are let in, and nobody loses a place for them")
{
    cohort_of_one all{1, 8};
    std::vector<std::uint64_t> keys;
    for (int i = 0; i < 20; ++i)
        keys.push_back(all.table.hash(std::to_string(i)));
    for (const auto each : keys)
        CHECK(all.table.enter(each, 1, 0).what != entry::refused);
    CHECK(all.table.uncounted() == 12);
    for (int i = 0; i < 8; ++i)
        CHECK(all.table.enter(keys[static_cast<std::size_t>(i)], 1, 0).what == entry::refused);
    all.table.leave(keys[3], 0);
    CHECK(all.table.enter(keys[19], 1, 0).what == entry::counted);
}

TEST_CASE("workers that want the last places at once get all of them, and never one more")
{
    constexpr std::uint64_t limit = 3;
    constexpr unsigned workers = 4;
    for (int round = 0; round < 20; ++round) {
        cohort_of_one all{workers};
        const auto key = all.table.hash("wanted");
        std::atomic<std::uint64_t> inside{0};
        std::atomic<std::uint64_t> most{0};
        std::atomic<std::uint64_t> admitted{0};
        std::vector<std::jthread> crowd;
        for (unsigned slot = 0; slot < workers; ++slot) {
            crowd.emplace_back([&, slot] {
                for (int i = 0; i < 1'000; ++i) {
                    if (all.table.enter(key, limit, slot).what != entry::counted)
                        continue;
                    ++admitted;
                    const std::uint64_t now = ++inside;
                    std::uint64_t seen = most.load();
                    while (seen < now && !most.compare_exchange_weak(seen, now)) {
                    }
                    --inside;
                    all.table.leave(key, slot);
                }
            });
        }
        crowd.clear();
        REQUIRE(most.load() <= limit);
        REQUIRE(admitted.load() > 0);
        REQUIRE(all.table.under_way(key) == 0);
    }
}

TEST_CASE("of two that claim the last place at once one gets it")
{
    // Each round both come at the same moment; with luck their claims cross.
    cohort_of_one all{2};
    const auto key = all.table.hash("last");
    for (int round = 0; round < 300; ++round) {
        std::atomic<int> ready{0};
        std::array<bool, 2> got{};
        const auto come = [&](unsigned slot) {
            ++ready;
            while (ready.load() != 2)
                std::this_thread::yield();
            got[slot] = all.table.enter(key, 1, slot).what == entry::counted;
        };
        {
            std::jthread other{come, 1U};
            come(0);
        }
        REQUIRE(got[0] != got[1]);
        all.table.leave(key, got[0] ? 0 : 1);
    }
}

TEST_CASE("whatever is in the memory, places are found and left")
{
    cohort_of_one all{2};
    for (std::byte& each : all.memory)
        each = std::byte{0xff};
    const auto key = all.table.hash("a");
    for (int i = 0; i < 100; ++i) {
        if (all.table.enter(key, 2, 0).what == entry::counted)
            all.table.leave(key, 0);
    }
    CHECK(all.table.enter(key, 2, 0).what == entry::counted);
    all.sit(1);
    CHECK(all.table.under_way(key) == 1);
}
