#include <cohort/observe/metrics.hpp>

#include <cohort/board/segment.hpp>
#include <cohort/observe/metric_reading.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <array>
#include <barrier>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

using namespace cohort;
using namespace std::chrono_literals;

namespace {

/// What a refused declaration says.
template <class Declare>
std::string complaint(Declare declare)
{
    try {
        declare();
    } catch (const failure& refused) {
        return refused.what();
    }
    return "none";
}

/// A board that this process counts on, for a while.
struct own_board {
    result<board::segment> segment = board::segment::create(4);

    own_board() { metrics::settle(segment->commons(), 0); }
    ~own_board() { metrics::born(); }
};

}  // namespace

TEST_CASE("a counter counts, in a program without workers as well")
{
    auto& hits = metrics::counter("test_hits_total", "Hits");
    hits.add();
    hits.add(4);
    CHECK(hits.value() == 5);
}

TEST_CASE("series are found by the values of their labels")
{
    auto& paid = metrics::counter("test_payments_total", "Payments made", {"currency", "shop"});
    auto& euros = paid.with("EUR", 7);
    euros.add();
    paid.with("EUR", 7).add();
    paid.with(std::string{"CHF"}, 7U).add();
    CHECK(&paid.with("EUR", "7") == &euros);
    CHECK(euros.value() == 2);
    CHECK(paid.with("CHF", 7).value() == 1);
    CHECK(complaint([&] { static_cast<void>(paid.with("EUR")); }) ==
          "find a series of test_payments_total: it has 2 labels, and 1 values are given: not an "
          "allowed value");
}

TEST_CASE("to declare the same twice is allowed, anything else of that name is not")
{
    auto& first = metrics::counter("test_twice_total", "Once", {"a"});
    CHECK(&metrics::counter("test_twice_total", "And again", {"a"}) == &first);
    CHECK(complaint([] {
              metrics::counter("test_twice_total", "x", {"b"});
          }).contains("test_twice_total: this program has declared it already, with other labels"));
    CHECK(complaint([] {
              metrics::gauge("test_twice", "x");
          }).contains("and OpenMetrics takes test_twice_total for the same"));
    metrics::histogram("test_took_seconds", "x");
    CHECK(complaint([] {
              metrics::gauge("test_took_seconds", "x");
          }).contains("declared it already, as a histogram"));
    CHECK(complaint([] {
              metrics::histogram("test_took_seconds", "x", {.buckets = {1, 2}});
          }).contains("declared it already, with other options"));
    CHECK(complaint([] {
              metrics::counter("test_wrong", "x");
          }).contains("test_wrong: the name of a counter ends in _total"));
    CHECK(complaint([] {
              metrics::histogram("test_b_seconds", "x", {.buckets = {1, -1}});
          }).contains("no bucket ends above"));
    CHECK(complaint([] {
              metrics::histogram("test_b_seconds", "x", {.buckets = {2, 1}});
          }).contains("buckets have to ascend"));
}

TEST_CASE("many threads count on the same words, and none is lost")
{
    const own_board here;
    auto& all = metrics::counter("test_threads_total", "Hits");
    auto& took = metrics::histogram("test_threads_seconds", "Times");
    {
        std::vector<std::jthread> others;
        for (int i = 0; i < 3; ++i) {
            others.emplace_back([&] {
                for (int k = 0; k < 20'000; ++k) {
                    all.add();
                    took.record(1ms);
                }
            });
        }
        for (int k = 0; k < 20'000; ++k) {
            all.add();
            took.record(1ms);
        }
    }
    CHECK(all.value() == 80'000);
    auto reader = observe::metric_reader::of(here.segment->commons()).value();
    const auto seen = reader.read();
    for (const auto& each : seen.families) {
        if (each.what->name != "test_threads_seconds")
            continue;
        CHECK(each.parts[0].series[0].histogram.count == 80'000);
        CHECK(each.parts[0].series[0].histogram.sum == 80'000'000'000);
    }
}

TEST_CASE("a thread has a column of its own, in which the next one goes on")
{
    const own_board here;
    auto& all = metrics::counter("test_lanes_total", "Hits");
    auto& took = metrics::histogram("test_lanes_seconds", "Times", {.exemplars = true});
    const auto cells = board::metric_cells::in(here.segment->commons()).value();
    /// What lies in columns of processes, and of threads; and how many of these there are.
    const auto look = [&] {
        std::array<std::uint64_t, 3> found{};
        board::metric_index index{board::metric_directory{cells.head()}};
        index.update();
        std::uint32_t place = 0;
        for (const auto& each : index.entries()) {
            if (each.what.kind == board::metric_kind::series &&
                index.entries()[each.what.parent].what.key.contains("test_lanes_total"))
                place = each.place;
        }
        cells.for_each_block([&](const board::metric_cells::block& each) {
            if (each.page != place / board::metric_page_words)
                return;
            const bool is_thread = each.column >= board::metric_process_columns;
            found.at(is_thread ? 1 : 0) += each.its.words.at(place % board::metric_page_words);
            found[2] += is_thread ? 1 : 0;
        });
        return found;
    };
    all.add();
    for (int i = 0; i < 3; ++i) {
        std::jthread{[&] {
            all.add(10);
            took.record(1ms, {1, 2});
            all.add(10);
        }}.join();
    }
    CHECK(look() == std::array<std::uint64_t, 3>{1, 60, 1});
    // Two at once have two of them.
    std::barrier both{2};
    const auto add = [&] {
        all.add(10);
        both.arrive_and_wait();
        all.add(10);
    };
    {
        const std::jthread one{add};
        const std::jthread two{add};
    }
    CHECK(look() == std::array<std::uint64_t, 3>{1, 100, 2});
    CHECK(all.value() == 101);
}

TEST_CASE("threads for which there is no column share one, and none of it is lost")
{
    const own_board here;
    auto& all = metrics::counter("test_crowd_total", "Hits");
    constexpr int threads = 80;  // more than a process has columns for
    std::barrier everybody{threads};
    {
        std::vector<std::jthread> crowd;
        crowd.reserve(threads);
        for (int i = 0; i < threads; ++i) {
            crowd.emplace_back([&] {
                all.add();
                everybody.arrive_and_wait();  // nobody's column becomes free before this
                for (int k = 0; k < 100; ++k)
                    all.add();
            });
        }
    }
    CHECK(all.value() == threads * 101);
}

TEST_CASE("threads whose pages are all taken share the page of their process")
{
    const own_board here;
    const auto cells = board::metric_cells::in(here.segment->commons()).value();
    for (std::uint32_t i = 0; i < board::metric_thread_blocks; ++i)
        static_cast<void>(
            cells.find(900 + i / board::metric_pages_max, i % board::metric_pages_max));
    auto& all = metrics::counter("test_packed_total", "Hits");
    {
        const std::jthread one{[&] { all.add(20); }};
        const std::jthread two{[&] { all.add(20); }};
    }
    CHECK(all.value() == 40);
    CHECK(cells.head().refused == 0);
}

TEST_CASE("a thread that lives on while its process settles elsewhere counts there")
{
    auto& all = metrics::counter("test_moved_total", "Hits");
    std::barrier turn{2};
    std::jthread other{[&] {
        all.add(5);  // where nobody has settled
        turn.arrive_and_wait();
        turn.arrive_and_wait();
        all.add(7);
    }};
    turn.arrive_and_wait();
    const own_board here;
    turn.arrive_and_wait();
    other.join();
    CHECK(all.value() == 7);
}

TEST_CASE("a family that is full counts what comes more as \"other\"")
{
    const own_board here;
    auto& family = metrics::counter("test_full_total", "Hits", {"who"}, {.series_max = 3});
    for (int i = 0; i < 10; ++i)
        family.with(i).add();
    CHECK(family.with(2).value() == 1);
    CHECK(family.with("other").value() == 7);
    CHECK(&family.with(77) == &family.with("other"));
    auto reader = observe::metric_reader::of(here.segment->commons()).value();
    const auto seen = reader.read();
    REQUIRE(seen.health.overflows.size() == 1);
    CHECK(seen.health.overflows[0].first == "test_full_total");
    CHECK(seen.health.overflows[0].second == 8);
}

TEST_CASE("a family whose room others have used up counts as \"other\" here")
{
    auto& family = metrics::counter("test_late_total", "Hits", {"who"}, {.series_max = 2});
    auto& mine = family.with("mine");
    const own_board here;
    mine.add();
    // Another process, that knows nothing of ours.
    board::metric_index other{
        board::metric_directory{board::metric_cells::in(here.segment->commons())->head()}};
    other.update();
    for (std::uint32_t i = 0; i < other.entries().size(); ++i) {
        if (other.entries()[i].what.key.contains("test_late_total") &&
            other.entries()[i].what.kind == board::metric_kind::family)
            REQUIRE(other.enter({.kind = board::metric_kind::series,
                                 .parent = i,
                                 .cells = 1,
                                 .key = observe::pack_values({"its"}),
                                 .rest = {}},
                                2));
    }
    family.with("more").add();
    CHECK(family.with("other").value() == 1);
    CHECK(mine.value() == 1);
}

TEST_CASE("values that are no UTF-8 or too long are made fit")
{
    auto& family = metrics::counter("test_values_total", "Hits", {"who"});
    family.with("\xff").add();
    CHECK(family.with("?").value() == 1);
    const std::string a(255, 'a');
    family.with(a + "üx").add();
    CHECK(family.with(a).value() == 1);
}

TEST_CASE("a gauge is set, goes up and down, and is this process's")
{
    auto& length = metrics::gauge("test_queue_length", "Jobs that wait");
    CHECK(length.value() == 0);
    length.set(2.5);
    length.add();
    length.subtract(4);
    CHECK(length.value() == -0.5);
    length.set(std::nan(""));
    CHECK(std::isnan(length.value()));
    std::jthread{[&] { length.set(7); }}.join();
    CHECK(length.value() == 7);
}

TEST_CASE("time is summed up, and backwards it does not go")
{
    auto& busy = metrics::time_counter("test_busy_seconds_total", "Time spent");
    busy.add(1500ms);
    busy.add(-1s);
    CHECK(busy.value() == 1500ms);
}

TEST_CASE("what was declared before a process settled counts where it settled")
{
    auto& early = metrics::counter("test_early_total", "Hits");
    early.add(3);
    own_board here;
    CHECK(early.value() == 0);
    early.add();
    CHECK(early.value() == 1);
    // And a successor goes on.
    metrics::born();
    early.add(50);
    metrics::settle(here.segment->commons(), 0);
    early.add();
    CHECK(early.value() == 2);
}

TEST_CASE("memory without room for metrics is no reason to fail")
{
    auto board = board::segment::create(1);
    REQUIRE(board->commons().area("all of it", board::commons::room - 4'096));
    auto& counter = metrics::counter("test_no_room_total", "Hits");
    auto& paid = metrics::counter("test_no_room_paid_total", "Hits", {"currency"});
    metrics::settle(board->commons(), 0);
    counter.add();
    metrics::gauge("test_no_room_left", "x").set(1);
    metrics::histogram("test_no_room_seconds", "x").record(1ms);
    CHECK(counter.value() == 0);
    CHECK(&paid.with("EUR") == &paid.with("other"));
    metrics::born();
    counter.add(3);
    CHECK(counter.value() == 3);
}

TEST_CASE("without a column of its own a process counts in everybody's, by exchange")
{
    auto board = board::segment::create(1);
    const auto cells = board::metric_cells::in(board->commons()).value();
    for (std::size_t i = 1; i < board::metric_process_columns; ++i)
        REQUIRE(cells.claim({.pid = ::getpid()}) == i);
    constexpr auto part = board::metric_writer::first_thread;
    for (std::size_t i = board::metric_process_columns; i < board::metric_columns_max; ++i)
        REQUIRE(cells.claim({.pid = ::getpid(), .part = part}) == i);
    auto& counter = metrics::counter("test_crowded_total", "Hits");
    metrics::settle(board->commons(), 0);
    std::jthread other{[&] {
        for (int i = 0; i < 20'000; ++i)
            counter.add();
    }};
    for (int i = 0; i < 20'000; ++i)
        counter.add();
    other.join();
    CHECK(counter.value() == 40'000);
    metrics::born();
}
