#include <cohort/board/journal.hpp>

#include <cohort/base/random.hpp>
#include <cohort/board/arena.hpp>
#include <cohort/board/layout.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::board;

namespace {

constexpr std::size_t block = journal::block_bytes;

journal small(std::uint32_t records = 64, std::size_t blocks = 16)
{
    auto made = journal::create({.records = records, .arena_bytes = blocks * block, .slot = 3});
    REQUIRE(made);
    return std::move(*made);
}

unique_fd copy_of(const journal& of)
{
    auto copy = duplicate(of.fd());
    REQUIRE(copy);
    return std::move(*copy);
}

/// What of the file has memory.
std::size_t resident(const journal& of)
{
    struct stat about{};
    REQUIRE(::fstat(of.fd().borrow(), &about) == 0);
    return static_cast<std::size_t>(about.st_blocks) * 512;
}

void put(const journal& in, int descriptor, extent input, extent output = {})
{
    connection_state next;
    next.now = standing::idle;
    next.input = input;
    next.output = output;
    in.record(descriptor)->commit(next);
}

using claims = std::vector<int>;

}  // namespace

TEST_CASE("a fresh journal says that there is no connection, and has hardly any memory")
{
    auto of = journal::create({});
    REQUIRE(of);
    CHECK(of->records() == 65'536);
    CHECK(of->blocks() == (std::size_t{256} << 20) / block);
    CHECK(resident(*of) <= 64 * 1024);
    for (const int descriptor : {0, 5, 65'535}) {
        REQUIRE(of->record(descriptor));
        CHECK(of->record(descriptor)->state().now == standing::free);
    }
    CHECK_FALSE(of->record(-1));
    CHECK_FALSE(of->record(65'536));
    CHECK(of->header().tenant.load() == 0);
    CHECK(of->blocks_taken() == 0);
    CHECK((::fcntl(of->fd().borrow(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(::ftruncate(of->fd().borrow(), 0) == -1);
}

TEST_CASE("an impossible journal is not made")
{
    for (const journal::plan plan : {journal::plan{.records = 0},
                                     {.records = journal::records_max + 1},
                                     {.arena_bytes = block - 1},
                                     {.arena_bytes = journal::arena_bytes_max + 1},
                                     {.slot = slots_max}})
        CHECK(journal::create(plan).error().why() == errc::bad_value);
}

TEST_CASE("a commit changes everything or nothing, and another mapping sees it")
{
    journal mine = small();
    auto yours = journal::attach(copy_of(mine));
    REQUIRE(yours);
    CHECK(yours->records() == 64);
    CHECK(yours->blocks() == 16);
    CHECK(yours->header().slot == 3);

    connection_state next;
    next.now = standing::running;
    next.parsed = 77;
    next.set(mark::replayable);
    connection_record& record = *mine.record(9);
    record.commit(next);
    const connection_state seen = yours->record(9)->state();
    CHECK(seen.now == standing::running);
    CHECK(seen.parsed == 77);
    CHECK(seen.has(mark::replayable));

    // Half of the next state is written, and the writer is dead: the old one counts.
    const auto turn = record.held.turn.load();
    record.held.copies[(turn + 1) & 1U].now = standing::closing;
    CHECK(yours->record(9)->state().now == standing::running);
    record.held.turn.store(0xffff'ffff);
    record.commit(next);
    CHECK(record.held.turn.load() == 0);
    CHECK(yours->record(9)->state().parsed == 77);

    const extent got = mine.allocate(10);
    std::memcpy(mine.at(got), "hello", 6);
    CHECK(std::memcmp(yours->at(got), "hello", 6) == 0);
}

TEST_CASE("strangers are refused, whatever they say of themselves")
{
    const auto refused = [](unique_fd fd) {
        auto of = journal::attach(std::move(fd));
        REQUIRE_FALSE(of);
        CHECK(of.error().why() == errc::board_layout_mismatch);
    };
    refused(unique_fd{});
    refused(unique_fd{::open("/dev/zero", O_RDWR | O_CLOEXEC)});
    refused(unique_fd{::memfd_create("stranger", MFD_CLOEXEC)});

    using spoiler = void (*)(journal_header&);
    for (const spoiler spoil : std::initializer_list<spoiler>{
             [](journal_header& h) { h.magic ^= 1; }, [](journal_header& h) { ++h.layout; },
             [](journal_header& h) { h.records = 0; }, [](journal_header& h) { h.records = ~0U; },
             [](journal_header& h) { h.records += 200; }, [](journal_header& h) { h.blocks = 0; },
             [](journal_header& h) { h.blocks = ~0U; }, [](journal_header& h) { ++h.blocks; },
             [](journal_header& h) { h.size += block; }, [](journal_header& h) { h.slot = 256; }})
    {
        journal of = small();
        REQUIRE(journal::attach(copy_of(of)));
        spoil(of.header());
        refused(copy_of(of));
    }
}

TEST_CASE("what a wild pointer does to the header later changes nothing for who has attached")
{
    journal of = small();
    of.header().records = ~0U;
    of.header().blocks = ~0U;
    CHECK_FALSE(of.record(64));
    CHECK_FALSE(of.contains({.first = 16, .blocks = 1}));
}

TEST_CASE("extents are whole blocks in a row, inside the arena, and nobody else's")
{
    journal of = small();
    const extent one = of.allocate(1);
    const extent full = of.allocate(block);
    const extent two = of.allocate(block + 1);
    CHECK(one.blocks == 1);
    CHECK(full.blocks == 1);
    CHECK(two.blocks == 2);
    CHECK(journal::size(two) == 2 * block);
    CHECK(of.allocate(0).blocks == 1);
    CHECK(of.blocks_taken() == 5);
    CHECK(of.at(full) == of.at(one) + block);
    CHECK(of.allocate(12 * block) == extent{});
    CHECK(of.allocate(11 * block).blocks == 11);
    CHECK(of.allocate(1) == extent{});
    CHECK(of.allocate(~std::size_t{0}) == extent{});
    CHECK(of.at({}) == nullptr);
    CHECK(of.at({.first = 15, .blocks = 2}) == nullptr);
    CHECK(of.at({.first = 1, .blocks = ~0U}) == nullptr);
}

TEST_CASE("giving back twice, or what one does not have, changes nothing")
{
    journal of = small();
    const extent one = of.allocate(1);
    const extent other = of.allocate(1);
    of.release(one);
    of.release(one);
    of.release({});
    of.release({.first = 0, .blocks = 3});
    of.release({.first = 14, .blocks = 1});
    of.release({.first = ~0U, .blocks = ~0U});
    CHECK(of.blocks_taken() == 1);
    CHECK(of.allocate(1) == one);
    CHECK(of.allocate(1) != one);
    CHECK(of.allocate(1) != other);
}

TEST_CASE("what was warm makes room for a long run")
{
    journal of = small();
    std::vector<extent> all;
    for (int i = 0; i < 16; ++i)
        all.push_back(of.allocate(1));
    CHECK(of.allocate(1) == extent{});
    for (const extent& each : all)
        of.release(each);
    CHECK(of.allocate(16 * block).blocks == 16);
}

TEST_CASE("what was given back keeps its memory up to a bound, and none after trim()")
{
    journal of = small(64, 2048);
    std::vector<extent> all;
    for (int i = 0; i < 1000; ++i) {
        all.push_back(of.allocate(1));
        std::memset(of.at(all.back()), 1, block);
    }
    const extent large = of.allocate(700 * block);
    std::memset(of.at(large), 1, journal::size(large));
    CHECK(resident(of) >= 1700 * block);
    of.release(large);
    for (const extent& each : all)
        of.release(each);
    CHECK(of.blocks_taken() == 0);
    const std::size_t kept = arena::kept_max + arena::warm_singles_max;
    CHECK(resident(of) <= (kept + 3) * block);
    CHECK(resident(of) >= arena::kept_max / 2 * block);
    of.trim();
    CHECK(resident(of) <= (arena::warm_singles_max + 3) * block);
}

TEST_CASE("a successor takes what the live records have, and nothing else")
{
    journal of = small();
    const extent a = of.allocate(1);
    const extent b = of.allocate(3 * block);
    const extent lost = of.allocate(2 * block);
    std::memset(of.at(lost), 1, journal::size(lost));
    put(of, 5, a, b);
    put(of, 6, {});
    put(of, 7, lost);

    auto next = journal::attach(copy_of(of));
    REQUIRE(next);
    CHECK(next->take_stock(std::array{5, 6, 5}).empty());
    CHECK(next->blocks_taken() == 4);
    CHECK(next->allocate(2 * block) == lost);
    next->release(a);
    CHECK(next->blocks_taken() == 5);

    const std::size_t before = resident(of);
    CHECK(next->take_stock({}).empty());
    CHECK(next->blocks_taken() == 0);
    next->trim();
    CHECK(resident(of) <= before - journal::size(lost));
}

TEST_CASE("records that make no sense are named and get nothing")
{
    journal of = small();
    put(of, 1, {.first = 0, .blocks = 2});
    put(of, 2, {.first = 15, .blocks = 2});
    put(of, 3, {.first = 16, .blocks = 1});
    put(of, 4, {.first = ~0U, .blocks = ~0U});
    put(of, 5, {.first = 4, .blocks = 1}, {.first = 4, .blocks = 1});
    put(of, 6, {.first = 6, .blocks = 4});
    put(of, 7, {.first = 9, .blocks = 1});
    put(of, 8, {.first = 10, .blocks = 1}, {.first = 7, .blocks = 1});
    put(of, 9, {.first = 11, .blocks = 1}, {.first = 99, .blocks = 0});
    connection_state odd;
    odd.now = static_cast<standing>(200);
    of.record(10)->commit(odd);
    odd.now = standing::free;
    odd.input = {.first = 0, .blocks = 16};
    of.record(11)->commit(odd);

    const auto refused =
        of.take_stock(std::array{64, -1, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1'000'000});
    CHECK(refused == claims{-1, 2, 3, 4, 5, 6, 7, 8, 10, 64, 1'000'000});
    CHECK(of.blocks_taken() == 3);
    // What the refused had claimed is free.
    CHECK(of.allocate(8 * block) == extent{.first = 2, .blocks = 8});
}

TEST_CASE("after any number of steps nobody shares a block, and all of it comes back")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    INFO("seed ", seed);
    random_source dice{seed};
    constexpr std::uint32_t blocks = 200;
    journal of = small(256, blocks);
    std::array<int, blocks> owner{};
    std::array<extent, 256> held{};
    std::size_t taken = 0;
    for (int step = 1; step <= 20'000; ++step) {
        const std::size_t who = dice.next() % held.size();
        if (held[who].blocks == 0) {
            const std::uint64_t roll = dice.next();
            const std::size_t wanted = (roll & 7U) < 6 ? 1 + (roll & 1U) : 1 + (roll >> 8) % 20;
            const extent got = of.allocate(wanted * block);
            if (got.blocks == 0)
                continue;
            REQUIRE(got.blocks == wanted);
            for (std::uint32_t i = 0; i < got.blocks; ++i) {
                REQUIRE(std::exchange(owner.at(got.first + i), 1) == 0);
            }
            held[who] = got;
            put(of, static_cast<int>(who), got);
        } else {
            put(of, static_cast<int>(who), {});
            of.release(held[who]);
            for (std::uint32_t i = 0; i < held[who].blocks; ++i)
                owner[held[who].first + i] = 0;
            held[who] = {};
        }
        taken = 0;
        for (const extent& each : held)
            taken += each.blocks;
        REQUIRE(of.blocks_taken() == taken);
        if (step % 1000 == 0) {
            std::vector<int> live(held.size());
            for (std::size_t i = 0; i < live.size(); ++i)
                live[i] = static_cast<int>(i);
            REQUIRE(of.take_stock(live).empty());
            REQUIRE(of.blocks_taken() == taken);
            of.trim();
        }
    }
    for (const extent& each : held)
        of.release(each);
    CHECK(of.blocks_taken() == 0);
    CHECK(of.allocate(blocks * block).blocks == blocks);
}

TEST_CASE("a journal can be moved, and stays where it is")
{
    journal of = small();
    connection_record* record = of.record(1);
    journal moved = std::move(of);
    CHECK(moved.record(1) == record);
    journal other = small();
    other = std::move(moved);
    CHECK(other.record(1) == record);
}
