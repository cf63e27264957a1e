#include <cohort/board/metric_cells.hpp>

#include <cohort/board/segment.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <optional>

using namespace cohort;
using namespace cohort::board;

namespace {

/// No process has such a number: Linux has none above 2^22.
constexpr pid_t dead = (1 << 22) + 1;
constexpr pid_t dead_too = dead + 1;
constexpr std::uint32_t gauges = metric_series_pages;

struct own_cells {
    result<segment> board = segment::create(1);
    metric_cells all = metric_cells::in(board->commons()).value();

    [[nodiscard]] metric_word& word(std::uint32_t column, std::uint32_t page, std::size_t at) const
    {
        return all.find(column, page)->words[at];
    }
};

}  // namespace

TEST_CASE("a column is one process's alone, and its words are zeros at first")
{
    const own_cells own;
    const std::uint32_t mine = own.all.claim({.pid = ::getpid(), .slot = 0});
    const std::uint32_t beside =
        own.all.claim({.pid = ::getpid(), .slot = 0, .part = metric_writer::shared});
    const std::uint32_t another = own.all.claim({.pid = ::getpid(), .slot = 1});
    CHECK(mine != metric_cells::common);
    CHECK(mine != beside);
    CHECK(another != mine);
    CHECK(another != beside);
    CHECK(own.word(mine, 0, 5) == 0);
    own.word(mine, 0, 5) = 7;
    CHECK(own.word(mine, 0, 5) == 7);
    CHECK(own.word(beside, 0, 5) == 0);
    const auto who = own.all.tenant(beside);
    CHECK(who.pid == ::getpid());
    CHECK(who.slot == 0);
    CHECK(who.part == metric_writer::shared);
}

TEST_CASE("who takes over the column of a dead process goes on with what that has counted")
{
    const own_cells own;
    const std::uint32_t its = own.all.claim({.pid = dead, .slot = 3});
    own.word(its, 0, 17) = 1'000;
    own.word(its, gauges, 2) = 5;

    const std::uint32_t mine = own.all.claim({.pid = ::getpid(), .slot = 4});
    REQUIRE(mine == its);
    CHECK(own.word(mine, 0, 17) == 1'000);
    CHECK(own.word(mine, gauges, 2) == 0);
    CHECK(own.all.tenant(mine).slot == 4);
    CHECK(own.all.claim({.pid = dead_too, .slot = 3}) != mine);
}

TEST_CASE("another program in the same process has the columns of the one before it")
{
    const own_cells own;
    const metric_writer primary{.pid = ::getpid(), .slot = metric_writer::primary};
    const metric_writer nobody{.pid = ::getpid()};
    const std::uint32_t first = own.all.claim(primary);
    const std::uint64_t then = own.all.tenant(first).claim;
    CHECK(own.all.claim(primary) == first);
    CHECK(own.all.tenant(first).claim > then);
    CHECK(own.all.claim(nobody) != own.all.claim(nobody));
}

TEST_CASE("a column that was given up is the next one's")
{
    const own_cells own;
    const std::uint32_t mine = own.all.claim({.pid = ::getpid()});
    own.all.leave(mine);
    CHECK(own.all.tenant(mine).pid == 0);
    CHECK(own.all.claim({.pid = ::getpid()}) == mine);
    own.all.leave(metric_cells::common);
}

TEST_CASE("who died while it took a column over has left it to the next one")
{
    const own_cells own;
    const std::uint32_t its = own.all.claim({.pid = dead, .slot = 3});
    own.word(its, gauges, 0) = 5;
    own.all.head().columns[its].owner |= std::uint64_t{1} << 32;  // as it stands meanwhile
    CHECK(own.all.tenant(its).pid == 0);
    CHECK(own.all.claim({.pid = ::getpid()}) == its);
    CHECK(own.word(its, gauges, 0) == 0);
}

TEST_CASE("without a free column there is one for everybody")
{
    const own_cells own;
    for (std::size_t i = 1; i < metric_process_columns; ++i)
        REQUIRE(own.all.claim({.pid = ::getpid()}) == i);
    CHECK(own.all.claim({.pid = ::getpid()}) == metric_cells::common);
    constexpr auto part = metric_writer::first_thread;
    for (std::size_t i = metric_process_columns; i < metric_columns_max; ++i)
        REQUIRE(own.all.claim({.pid = ::getpid(), .part = part}) == i);
    CHECK(own.all.claim({.pid = ::getpid(), .part = part}) == metric_cells::common);
    CHECK(own.all.tenant(metric_cells::common).pid == 0);
}

TEST_CASE("without a free page words are refused, which is counted, and what there is stays")
{
    const own_cells own;
    for (std::uint32_t i = 0; i < metric_blocks_max; ++i)
        REQUIRE(own.all.find(i / metric_pages_max, i % metric_pages_max));
    CHECK(own.all.find(900, 0) == nullptr);
    CHECK(own.all.head().refused == 1);
    CHECK(own.all.find(0, 0) != nullptr);
    std::size_t seen = 0;
    own.all.for_each_block([&](const metric_cells::block& each) {
        CHECK(each.column * metric_pages_max + each.page == seen++);
    });
    CHECK(seen == metric_blocks_max);
}

TEST_CASE("columns of threads leave most pages to processes")
{
    const own_cells own;
    constexpr auto first = static_cast<std::uint32_t>(metric_process_columns);
    for (std::uint32_t i = 0; i < metric_thread_blocks; ++i)
        REQUIRE(own.all.find(first + i / metric_pages_max, i % metric_pages_max));
    CHECK(own.all.find(first + 900, 0) == nullptr);
    CHECK(own.all.head().refused == 0);  // they have somewhere else to go
    CHECK(own.all.find(1, 0) != nullptr);
    CHECK(own.all.find(first, 0) != nullptr);
}

TEST_CASE("a thread's column is never another thread's, nor its process's, while that lives")
{
    const own_cells own;
    constexpr auto part = metric_writer::first_thread;
    const std::uint32_t its = own.all.claim({.pid = dead, .slot = 3, .part = part});
    own.word(its, 0, 17) = 1'000;
    CHECK(own.all.claim({.pid = ::getpid(), .slot = 3}) != its);
    const std::uint32_t one = own.all.claim({.pid = ::getpid(), .slot = 3, .part = part});
    const std::uint32_t two = own.all.claim({.pid = ::getpid(), .slot = 3, .part = part + 1});
    CHECK(one == its);  // it goes on there
    CHECK(own.word(one, 0, 17) == 1'000);
    CHECK(two != one);
    // The next program in this process has them again, and in the same order.
    CHECK(own.all.claim({.pid = ::getpid(), .slot = 3, .part = part + 1}) == two);
    CHECK(own.all.claim({.pid = ::getpid(), .slot = 3, .part = part}) == one);
}

TEST_CASE("a line is touched before there is anything in it, and only that line")
{
    const own_cells own;
    metric_block& page = *own.all.find(1, 0);
    for (const std::size_t at : {std::size_t{0}, std::size_t{9}, metric_page_words - 1}) {
        CHECK_FALSE(is_touched(page, at));
        grow(page, at, 0);
        CHECK(is_touched(page, at));
        CHECK(page.words[at] == 0);
        grow_shared(page, at, 3);
        grow(page, at, 4);
        CHECK(page.words[at] == 7);
    }
    CHECK_FALSE(is_touched(page, 16));
    CHECK_FALSE(is_touched(page, metric_page_words / 2));
}

TEST_CASE("places that are none are refused, and blocks that somebody scribbled over left out")
{
    const own_cells own;
    CHECK(own.all.find(0, metric_pages_max) == nullptr);
    CHECK(own.all.find(metric_columns_max, 0) == nullptr);
    CHECK(own.all.tenant(metric_columns_max).pid == 0);
    own.all.head().blocks[0] = ~std::uint64_t{0};
    own.all.head().blocks[1] = 1;  // of no column
    own.all.for_each_block([&](const metric_cells::block&) { FAIL("nothing is there"); });
}
