#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/observe/metrics.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::observe {

/// What a process has used so far, and has now. A value.
struct process_usage {
    nanoseconds user{0};          ///< Processor time of all threads,
    nanoseconds system{0};        ///< ... and for them in the kernel.
    nanoseconds waited{0};        ///< This thread could have run, and others had the processor.
    std::uint64_t resident = 0;   ///< Bytes of its pages in memory, shared ones included.
    std::uint64_t addresses = 0;  ///< Bytes of address space.
    std::uint64_t open_fds = 0;   ///< 0: the kernel does not say (before 6.2).
    std::uint64_t fds_max = 0;

    /// Of this process and this thread, now. About 10 µs, and never waits for a disk.
    /// Source: getrusage(2); proc(5) on statm, schedstat and fd.
    [[nodiscard]] static process_usage now();
};

/// The numbers in such texts. Nothing: they are not there.
[[nodiscard]] std::optional<nanoseconds> parse_run_queue_wait(std::string_view schedstat);
/// Seconds after boot at which a process began, of its `stat`.
[[nodiscard]] std::optional<double> parse_start(std::string_view stat, long ticks_a_second);

/// Shows what this process uses under the names that Prometheus gives to that: `process_…`, for the
/// whole cohort. Times are counted from the first look on, and go on when the process is gone. A
/// resource; the thread of the event loop.
class process_metrics {
public:
    process_metrics();

    /// The time since the last look, and what of it went where. A value; shares of one processor.
    struct shares {
        double busy = 0;  ///< May be more than 1, with more than one thread.
        double waited = 0;
    };
    shares look(const process_usage& at, steady_time when);

private:
    struct past {
        process_usage usage;
        steady_time when;
    };

    metrics::time_counter_series& all_;
    metrics::time_counter_series& user_;
    metrics::time_counter_series& system_;
    metrics::time_counter_series& waited_;
    metrics::gauge_series& resident_;
    metrics::gauge_series& addresses_;
    metrics::gauge_series& open_fds_;
    metrics::gauge_series& fds_max_;
    std::optional<past> before_;
};

/// When this process began, in seconds since 1970; nothing: /proc does not say.
[[nodiscard]] std::optional<double> process_start_seconds();

}  // namespace cohort::observe
