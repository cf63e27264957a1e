// How long it takes to count, to note an event in the flight recorder, and to show what a whole
// cohort has counted; prometheus-cpp, where it is installed, in the same run. Prints the median of
// so many rounds, a line of JSON for each case. Usage: metrics_bench [rounds, 21]

#include "../lib/flight.hpp"
#include "../lib/nanoseconds.hpp"

#include <cohort/base/clock.hpp>
#include <cohort/base/random.hpp>
#include <cohort/board/flight.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/metrics.hpp>

#include <fmt/format.h>

#ifdef COHORT_BENCH_PROMETHEUS_CPP
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#endif

#include <unistd.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace cohort;
using bench::keep;

namespace {

int rounds = 21;
constexpr int repeats = 200'000;
constexpr unsigned workers = 64;

template <class Work>
void measure(std::string_view what, Work work)
{
    fmt::print("{{\"case\":\"{}\",\"ns\":{:.2f}}}\n", what,
               bench::median_ns(rounds, repeats, work));
}

/// Times as they come: from 1 µs to 1 s, evenly by octave.
std::vector<nanoseconds> times_taken()
{
    random_source dice{1};
    std::vector<nanoseconds> made;
    for (int i = 0; i < 4'096; ++i) {
        const std::uint64_t octave = std::uint64_t{1'024} << dice.next() % 20;
        made.emplace_back(static_cast<std::int64_t>(octave + dice.next() % octave));
    }
    return made;
}

void measure_ours(const std::vector<nanoseconds>& times)
{
    const auto time_of = [&times](int i) { return times[static_cast<std::size_t>(i) % 4'096]; };
    auto& paid = metrics::counter("payments_total", "Payments made", {"currency"});
    auto& euros = paid.with("EUR");
    auto& took = metrics::histogram("took_seconds", "Time");
    auto& fine = metrics::histogram("fine_seconds", "Time", {.precision = 5});
    auto& length = metrics::gauge("queue_length", "Jobs");
    measure("counter, the loop's thread", [&](int) { euros.add(); });
    measure("histogram, the loop's thread", [&](int i) { took.record(time_of(i)); });
    measure("histogram with 896 cells, the loop's thread", [&](int i) { fine.record(time_of(i)); });
    measure("histogram, the same time each time",
            [&](int) { took.record(std::chrono::milliseconds{3}); });
    measure("gauge, set", [&](int i) { length.set(i); });
    measure("counter, found by its label each time", [&](int) { paid.with("EUR").add(); });
    std::jthread{[&] {
        measure("counter, another thread", [&](int) { euros.add(); });
        measure("histogram, another thread", [&](int i) { took.record(time_of(i)); });
    }}.join();
}

void measure_flight(const board::segment& board)
{
    using board::flight_kind;
    if (!bench::record_flight(board))
        return;
    constexpr std::uint64_t known_ns = 1;
    measure("flight recorder: a request begins, its time is known", [&](int i) {
        board::flight::request_begins(static_cast<std::uint32_t>(i), "GET", "/users/7", known_ns);
    });
    measure("flight recorder: a request is answered, its time is known", [&](int i) {
        board::flight::note({.kind = flight_kind::answered,
                             .number = 200,
                             .subject = static_cast<std::uint32_t>(i),
                             .text = "/users/{id}",
                             .when_ns = known_ns});
    });
    measure("flight recorder: a note, with a look at the clock",
            [&](int) { board::flight::note({.kind = flight_kind::note, .text = "/users/{id}"}); });
    std::jthread{[&] {
        measure("flight recorder: a note, another thread", [&](int) {
            board::flight::note({.kind = flight_kind::note, .text = "/users/{id}"});
        });
    }}.join();
    board::flight::record_on(nullptr);
}

#ifdef COHORT_BENCH_PROMETHEUS_CPP
void measure_prometheus_cpp(const std::vector<nanoseconds>& times)
{
    prometheus::Registry registry;
    auto& family = prometheus::BuildCounter().Name("payments_total").Help("x").Register(registry);
    auto& euros = family.Add({{"currency", "EUR"}});
    auto& took =
        prometheus::BuildHistogram()
            .Name("took_seconds")
            .Help("x")
            .Register(registry)
            .Add({}, prometheus::Histogram::BucketBoundaries{.005, .01, .025, .05, .075, .1, .25,
                                                             .5, .75, 1, 2.5, 5, 7.5, 10});
    std::vector<double> in_seconds;
    in_seconds.reserve(times.size());
    for (const nanoseconds each : times)
        in_seconds.push_back(static_cast<double>(each.count()) / 1e9);
    measure("prometheus-cpp: counter", [&](int) { euros.Increment(); });
    measure("prometheus-cpp: histogram",
            [&](int i) { took.Observe(in_seconds[static_cast<std::size_t>(i) % 4'096]); });
    measure("prometheus-cpp: counter, found by its label each time",
            [&](int) { family.Add({{"currency", "EUR"}}).Increment(); });
}
#endif

/// So many series of each kind in every worker. A value.
struct page_of {
    int counters = 0;
    int histograms = 0;
    int gauges = 0;  ///< each with a line for each worker
};

/// What a worker counts. Times are of every length: of histograms only what was touched is read.
void count_all(const page_of& series, unsigned slot, const std::vector<nanoseconds>& times)
{
    auto& counts = metrics::counter("page_requests_total", "Requests", {"route"});
    auto& spent = metrics::histogram("page_duration_seconds", "Time", {"route"});
    auto& depths = metrics::gauge("page_depth", "Jobs", {"queue"}, {.over = metrics::across::each});
    for (int i = 0; i < series.counters; ++i)
        counts.with(i).add(slot);
    for (int i = 0; i < series.gauges; ++i)
        depths.with(i).set(i);
    for (int i = 0; i < series.histograms; ++i) {
        auto& one = spent.with(i);
        for (const nanoseconds each : times)
            one.record(each);
    }
}

/// How long a page of all workers takes.
void measure_page(std::string_view what, const page_of& series,
                  const std::vector<nanoseconds>& times)
{
    auto board = board::segment::create(workers).value();
    for (unsigned slot = 0; slot < workers; ++slot) {
        board::move_in(board.row(slot),
                       {.tenant = board::tenant_of(1, ::getpid()), .worker_id = slot + 1});
        metrics::settle(board.commons(), slot);
        count_all(series, slot, times);
    }
    auto reader = observe::metric_reader::of(board.commons()).value();
    std::size_t bytes = 0;
    const double read =
        bench::median_ns(rounds, 1, [&](int) { keep(reader.read().families.size()); });
    const double page = bench::median_ns(rounds, 1, [&](int) {
        bytes = observe::expose(reader.read(), observe::exposition_format::openmetrics).size();
    });
    fmt::print("{{\"page\":\"{}\",\"ms\":{:.3f},\"read_ms\":{:.3f},\"text_kib\":{},"
               "\"memory_kib\":{}}}\n",
               what, page / 1e6, read / 1e6, bytes / 1'024, reader.read().health.bytes / 1'024);
    metrics::born();
}

}  // namespace

int main(int argc, char** argv)
{
    const auto wanted = bench::rounds_asked(argc, argv, rounds);
    if (!wanted)
        return 2;
    rounds = *wanted;
    const auto times = times_taken();
    metrics::settle(board::commons::here());
    measure_ours(times);
    measure_flight(board::segment::create(1).value());
#ifdef COHORT_BENCH_PROMETHEUS_CPP
    measure_prometheus_cpp(times);
#endif
    metrics::born();
    measure_page("160 counters, 40 histograms", {.counters = 160, .histograms = 40}, times);
    measure_page("200 counters", {.counters = 200}, times);
    measure_page("180 histograms, which is what there is room for", {.histograms = 180}, times);
    measure_page("200 gauges, a line for each worker", {.gauges = 200}, times);
    return 0;
}
