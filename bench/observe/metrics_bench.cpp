// How long it takes to count, and to show what a whole cohort has counted; prometheus-cpp, where it
// is installed, in the same run. Prints the median of 21 rounds.

#include "../lib/nanoseconds.hpp"

#include <cohort/base/clock.hpp>
#include <cohort/base/random.hpp>
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

constexpr int rounds = 21;
constexpr int repeats = 200'000;
constexpr unsigned workers = 64;

template <class Work>
void measure(std::string_view what, Work work)
{
    fmt::print("{:<52} {:8.2f} ns\n", what, bench::median_ns(rounds, repeats, work));
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
    auto& paid = metrics::counter("payments_total", "Payments made", {"currency"});
    auto& euros = paid.with("EUR");
    auto& took = metrics::histogram("took_seconds", "Time");
    auto& fine = metrics::histogram("fine_seconds", "Time", {.precision = 5});
    auto& length = metrics::gauge("queue_length", "Jobs");
    measure("counter, the loop's thread", [&](int) { euros.add(); });
    measure("histogram, 224 cells and 14 classic buckets",
            [&](int i) { took.record(times[static_cast<std::size_t>(i) % 4'096]); });
    measure("histogram, 896 cells and 14 classic buckets",
            [&](int i) { fine.record(times[static_cast<std::size_t>(i) % 4'096]); });
    measure("histogram, the same time each time",
            [&](int) { took.record(std::chrono::milliseconds{3}); });
    measure("gauge, set", [&](int i) { length.set(i); });
    measure("counter, found by its label each time", [&](int) { paid.with("EUR").add(); });
    std::jthread{[&] {
        measure("counter, another thread", [&](int) { euros.add(); });
        measure("histogram, another thread",
                [&](int i) { took.record(times[static_cast<std::size_t>(i) % 4'096]); });
    }}.join();
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
    measure("prometheus-cpp: histogram, 14 buckets",
            [&](int i) { took.Observe(in_seconds[static_cast<std::size_t>(i) % 4'096]); });
    measure("prometheus-cpp: counter, found by its label",
            [&](int) { family.Add({{"currency", "EUR"}}).Increment(); });
}
#endif

/// So many series of each kind in every worker, and how long a page with them takes.
void measure_page(std::string_view what, int counters, int histograms)
{
    auto board = board::segment::create(workers).value();
    auto& counts = metrics::counter("page_requests_total", "Requests", {"route"});
    auto& times = metrics::histogram("page_duration_seconds", "Time", {"route"});
    for (unsigned slot = 0; slot < workers; ++slot) {
        board::move_in(board.row(slot),
                       {.tenant = board::tenant_of(1, ::getpid()), .worker_id = slot + 1});
        metrics::settle(board.commons(), slot);
        for (int i = 0; i < counters; ++i)
            counts.with(i).add(slot);
        for (int i = 0; i < histograms; ++i)
            times.with(i).record(std::chrono::milliseconds{i});
    }
    auto reader = observe::metric_reader::of(board.commons()).value();
    std::size_t bytes = 0;
    const double read =
        bench::median_ns(rounds, 1, [&](int) { keep(reader.read().families.size()); });
    const double page = bench::median_ns(rounds, 1, [&](int) {
        bytes = observe::expose(reader.read(), observe::exposition_format::openmetrics).size();
    });
    fmt::print("{:<52} {:8.2f} ms, of which reading {:.2f} ms; {} KiB of text, {} KiB of memory\n",
               what, page / 1e6, read / 1e6, bytes / 1'024, reader.read().health.bytes / 1'024);
    metrics::born();
}

}  // namespace

int main()
{
    const auto times = times_taken();
    metrics::settle(board::commons::here());
    measure_ours(times);
#ifdef COHORT_BENCH_PROMETHEUS_CPP
    measure_prometheus_cpp(times);
#endif
    metrics::born();
    measure_page("a page of 64 workers, 160 counters, 40 histograms", 160, 40);
    measure_page("a page of 64 workers, 200 counters", 200, 0);
    measure_page("a page of 64 workers, 180 histograms", 0, 180);
    return 0;
}
