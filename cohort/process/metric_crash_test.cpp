// Metrics under writers that are killed at any moment. It stands in this room because only this
// room knows how to give birth.

#include <cohort/base/clock.hpp>
#include <cohort/base/random.hpp>
#include <cohort/board/metric_cells.hpp>
#include <cohort/board/metric_index.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

constexpr unsigned writers = 3;
constexpr unsigned lives = 60;  // of all writers together
constexpr unsigned names = 30;
constexpr std::size_t series_max = 20;

/// What one thread has counted, and was about to.
struct alignas(128) note {
    std::atomic<std::uint64_t> begun;
    std::atomic<std::uint64_t> done;
};

struct test_page {
    std::array<std::array<note, 4>, lives> notes;  // by life and thread
    std::atomic<std::uint64_t> wrong;
};

board::metric_record family()
{
    return {.kind = board::metric_kind::family, .parent = 0, .cells = 0, .key = "f", .rest = {}};
}

board::metric_record series(std::uint32_t parent, const std::string& key)
{
    return {
        .kind = board::metric_kind::series, .parent = parent, .cells = 3, .key = key, .rest = {}};
}

/// Series as this process finds them: those that there is no room for are "other".
std::vector<std::uint32_t> places(board::metric_index& in, std::uint64_t seed)
{
    std::vector<std::uint32_t> found;
    const auto parent = in.enter(family(), 0);
    for (unsigned i = 0; parent && i < names; ++i) {
        const std::string name = std::to_string((seed + i) % names);
        auto number = in.enter(series(*parent, name), series_max);
        if (!number)
            number = in.enter(series(*parent, "other"), 0);
        if (number)
            found.push_back(in.entries()[*number].place);
    }
    return found;
}

/// Adds one at a time, until it is killed.
void count(board::metric_block& page, const std::vector<std::uint32_t>& at, note& done,
           void (*add)(board::metric_block&, std::size_t, std::uint64_t) noexcept) noexcept
{
    random_source dice{static_cast<std::uint64_t>(::getpid())};
    for (;;) {
        const std::uint32_t which = at[dice.next() % at.size()];
        done.begun.fetch_add(1);
        add(page, which, 1);
        done.done.fetch_add(1);
    }
}

void write_for_ever(const board::metric_cells& all, test_page& page, unsigned life,
                    std::uint64_t seed) noexcept
{
    using board::metric_writer;
    board::metric_index index{board::metric_directory{all.head()}};
    const auto at = places(index, seed);
    if (at.size() != names)
        ++page.wrong;
    constexpr std::uint16_t part = metric_writer::first_thread;
    std::set<std::uint32_t> columns{board::metric_cells::common};
    const auto find = [&](std::uint16_t which) {
        const auto column = all.claim({.pid = ::getpid(), .slot = life, .part = which});
        if (!columns.insert(column).second)
            ++page.wrong;
        return all.find(column, 0);  // where all of these series are
    };
    board::metric_block* const own = find(metric_writer::own);
    board::metric_block* const beside = find(metric_writer::shared);
    board::metric_block* const lane = find(part);
    auto& notes = page.notes[life];
    const std::jthread one{[&] { count(*beside, at, notes[1], board::grow_shared); }};
    const std::jthread two{[&] { count(*beside, at, notes[2], board::grow_shared); }};
    const std::jthread three{[&] { count(*lane, at, notes[3], board::grow); }};
    count(*own, at, notes[0], board::grow);
}

/// As a reader adds up: what lies in lines that nobody has touched is not there.
std::uint64_t sum(const board::metric_cells& all)
{
    std::uint64_t found = 0;
    all.for_each_block([&](const board::metric_cells::block& each) {
        for (std::size_t i = 0; i < board::metric_page_words; ++i) {
            if (board::is_touched(each.its, i))
                found += each.its.words[i].load();
        }
    });
    return found;
}

/// What was counted is what was done, and no more than was begun. Returns what was not done.
std::uint64_t check_notes(const test_page& page, std::uint64_t seen)
{
    std::uint64_t begun = 0;
    std::uint64_t done = 0;
    for (const auto& life : page.notes) {
        for (const note& each : life) {
            CHECK(each.begun - each.done <= 1);
            begun += each.begun;
            done += each.done;
        }
    }
    CHECK(done <= seen);
    CHECK(seen <= begun);
    return begun - done;
}

void check_index(const board::metric_cells& all)
{
    // No series is there twice, nor one more than may be.
    board::metric_index index{board::metric_directory{all.head()}};
    index.update();
    std::set<std::string> keys;
    for (const auto& each : index.entries())
        CHECK(keys.insert(each.what.key).second);
    CHECK(index.entries().size() == series_max + 2);
}

}  // namespace

TEST_CASE("counters are what killed writers have counted, to the last one, and never fall")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    INFO("seed ", seed);
    random_source dice{seed};
    auto board = board::segment::create(1);
    REQUIRE(board);
    const board::commons commons = board->commons();
    const auto all = board::metric_cells::in(commons).value();
    auto& page = board::area_as<test_page>(commons.area("page", sizeof(test_page)).value());

    std::vector<process::child> at_work;
    unsigned born = 0;
    const auto hire = [&] {
        const unsigned life = born++;
        const std::uint64_t its_seed = dice.next();
        auto made = process::clone(kit::permit(), {},
                                   [&]() noexcept { write_for_ever(all, page, life, its_seed); });
        REQUIRE(made);
        at_work.push_back(std::move(*made));
    };
    std::uint64_t seen = 0;
    std::uint64_t looks = 0;
    const auto look = [&] {
        const std::uint64_t now_there = sum(all);
        CHECK(now_there >= seen);
        seen = now_there;
        ++looks;
    };
    while (born < writers)
        hire();
    while (born < lives) {
        const auto until = now() + std::chrono::microseconds{dice.next() % 4'000};
        do {
            look();
        } while (now() < until);
        const std::size_t which = dice.next() % at_work.size();
        REQUIRE(at_work[which].signal(SIGKILL));
        while (!at_work[which].try_reap())
            look();
        at_work.erase(at_work.begin() + static_cast<std::ptrdiff_t>(which));
        hire();
    }
    for (process::child& each : at_work)
        REQUIRE(each.signal(SIGKILL));
    for (process::child& each : at_work)
        each.wait();
    look();

    const std::uint64_t missed = check_notes(page, seen);
    CHECK(page.wrong == 0);
    CHECK(all.head().refused == 0);
    check_index(all);
    // The columns of the dead serve the living.
    std::set<std::uint32_t> columns;
    all.for_each_block(
        [&](const board::metric_cells::block& each) { columns.insert(each.column); });
    CHECK(columns.size() < std::size_t{3} * lives);
    MESSAGE("counted ", seen, ", begun but not done ", missed, ", looks ", looks, ", columns ",
            columns.size());
}
