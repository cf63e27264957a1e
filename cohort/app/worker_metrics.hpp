#pragma once

#include <cohort/app/loop_lag.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/http/telemetry/server_metrics.hpp>
#include <cohort/observe/metrics.hpp>
#include <cohort/observe/process_metrics.hpp>
#include <cohort/observe/sampled_count.hpp>

#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <vector>

namespace cohort {

namespace work {
class core;
}

/// Shows as metrics how a worker fares: its event loop, its processor time, its memory, its server.
/// A resource, of the worker's loop; as long-lived as the process.
///
/// A timer ten times a second tells how late the loop is; once a second everything else is looked
/// at. Nothing here waits for a disk. (Its share of memory takes a millisecond for each GiB to find
/// out: that is asked for so rarely that it is no matter.)
class worker_metrics {
public:
    worker_metrics(work::core& of, const http::server_metrics::sources& served);
    worker_metrics(const worker_metrics&) = delete;
    worker_metrics& operator=(const worker_metrics&) = delete;

private:
    void arm();
    void tick();
    void look(steady_time at);
    void look_at_row();
    void look_at_loop(steady_time at);
    void look_at_memory(steady_time at);
    void look_at_spans();

    work::core& of_;
    boost::asio::steady_timer timer_;
    steady_time planned_{};
    steady_time looked_at_{};
    steady_time memory_due_{};
    nanoseconds slept_{0};
    loop_lag late_;

    http::server_metrics server_;
    observe::process_metrics process_;
    metrics::histogram_series& lag_;
    metrics::time_counter_series& busy_;
    /// One for each worker, told apart by its slot.
    struct gauges {
        metrics::gauge_series& lag_half;
        metrics::gauge_series& lag_most;
        metrics::gauge_series& utilization;
        metrics::gauge_series& cpu;
        metrics::gauge_series& cpu_wait;
        metrics::gauge_series& requests;
        metrics::gauge_series& connections;
        metrics::gauge_series& lanes;
        metrics::gauge_series& lanes_busy;
        metrics::gauge_series& lanes_queued;
        metrics::gauge_series& resident;
        metrics::gauge_series& share;
        metrics::gauge_series& fds;
        metrics::gauge_series& start;
    };
    [[nodiscard]] static gauges make_gauges();
    gauges own_;
    metrics::sampled_count lines_dropped_;
    metrics::sampled_count lines_cut_;
    metrics::sampled_count connections_total_;
    std::vector<metrics::sampled_count> spans_;
};

/// Series that requests may have in such a cohort: so many that all its workers have room for them,
/// and for as much again of the program's own.
[[nodiscard]] std::size_t route_series_max(unsigned workers) noexcept;

}  // namespace cohort
