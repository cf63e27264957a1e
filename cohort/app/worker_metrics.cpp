#include <cohort/app/worker_metrics.hpp>

#include <cohort/app/survival_counts.hpp>
#include <cohort/async/lanes.hpp>
#include <cohort/async/loop_meter.hpp>
#include <cohort/http/request_serial.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/tracer.hpp>
#include <cohort/process/memory_share.hpp>
#include <cohort/worker/core.hpp>

#include <unistd.h>

#include <algorithm>

namespace cohort {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds look_period = 1s;
constexpr nanoseconds memory_period = 15s;
/// A look at the memory is so much shorter than the time until the next one.
constexpr int memory_look_share = 2'000;

metrics::gauge_series& own_gauge(std::string_view name, std::string_view help)
{
    return metrics::gauge(name, help, {.over = metrics::across::each});
}

double in_seconds(nanoseconds time) noexcept { return std::chrono::duration<double>{time}.count(); }

}  // namespace

worker_metrics::gauges worker_metrics::make_gauges()
{
    return {
        .lag_half = own_gauge("cohort_worker_loop_lag_p50_seconds",
                              "How late the event loop is, half of the time, in the last minute"),
        .lag_most = own_gauge("cohort_worker_loop_lag_p99_seconds",
                              "How late it is at most, but for one time of a hundred"),
        .utilization = own_gauge("cohort_worker_loop_utilization_ratio",
                                 "Part of the last second in which the event loop had work"),
        .cpu = own_gauge("cohort_worker_cpu_ratio",
                         "Processors that the worker had in the last second, with its lanes"),
        .cpu_wait = own_gauge("cohort_worker_cpu_wait_ratio",
                              "Part of the last second in which the event loop waited for one"),
        .requests =
            own_gauge("cohort_worker_requests_running", "Requests whose answers are not complete"),
        .connections = own_gauge("cohort_worker_connections", "Open connections"),
        .lanes = own_gauge("cohort_worker_lanes", "Lanes that the worker may have"),
        .lanes_busy = own_gauge("cohort_worker_lanes_busy", "Lanes that compute"),
        .lanes_queued = own_gauge("cohort_worker_lanes_queued", "Jobs that wait for a lane"),
        .resident = own_gauge("cohort_worker_resident_memory_bytes",
                              "Pages in memory, shared ones included"),
        .share = own_gauge("cohort_worker_memory_share_bytes",
                           "Its own pages in memory, and its share of others (PSS)"),
        .fds = own_gauge("cohort_worker_open_fds", "Open descriptors"),
        .start = own_gauge("cohort_worker_start_time_seconds",
                           "When the worker began, in seconds since 1970"),
    };
}

worker_metrics::worker_metrics(work::core& of, const http::server_metrics::sources& served)
    : of_{of},
      timer_{of.loop()},
      server_{served},
      lag_{metrics::histogram(
          "cohort_loop_lag_seconds", "How late event loops came to what they had planned",
          {.buckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10},
           .precision = 5})},
      busy_{metrics::time_counter("cohort_loop_busy_seconds_total",
                                  "Time in which event loops had work")},
      own_{make_gauges()},
      lines_dropped_{metrics::counter("cohort_log_lines_dropped_total",
                                      "Lines of the log that nobody took in time")},
      lines_cut_{metrics::counter("cohort_log_lines_truncated_total",
                                  "Lines of the log that were cut since they were too long")},
      connections_total_{metrics::counter("cohort_http_connections_total",
                                          "Connections that were accepted or taken over"),
                         0}
{
    static_cast<void>(survival_counts::here());
    auto& spans = metrics::counter(
        "cohort_trace_spans_total",
        "Spans that were recorded, by the reason, or could not be (too_large, refused)",
        {"outcome"});
    for (const char* each : {"sampled", "failed", "slow", "too_large", "refused"})
        spans_.emplace_back(spans.with(each), 0);
    if (const auto began = observe::process_start_seconds())
        own_.start.set(*began);
    lines_dropped_.look(log::dropped());
    lines_cut_.look(log::truncated());
    loop_meter::here().start();
    planned_ = looked_at_ = now();
    slept_ = loop_meter::here().slept();
    static_cast<void>(process_.look(observe::process_usage::now(), looked_at_));
    arm();
}

void worker_metrics::arm()
{
    const steady_time here = now();
    planned_ = std::max(planned_ + loop_lag::period, here);
    timer_.expires_at(planned_);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec)
            tick();
    });
}

void worker_metrics::tick()
{
    const steady_time here = now();
    const nanoseconds late = here - planned_;
    lag_.record(late);
    late_.add(late);
    if (here - looked_at_ >= look_period)
        look(here);
    arm();
}

void worker_metrics::look(steady_time at)
{
    const observe::process_usage usage = observe::process_usage::now();
    const auto shares = process_.look(usage, at);
    own_.cpu.set(shares.busy);
    own_.cpu_wait.set(shares.waited);
    if (usage.resident != 0)
        own_.resident.set(static_cast<double>(usage.resident));
    if (usage.open_fds != 0)
        own_.fds.set(static_cast<double>(usage.open_fds));
    look_at_loop(at);
    look_at_row();
    look_at_memory(at);
    look_at_spans();
    lines_dropped_.look(log::dropped());
    lines_cut_.look(log::truncated());
    server_.look();
    looked_at_ = at;
}

void worker_metrics::look_at_loop(steady_time at)
{
    const nanoseconds slept = loop_meter::here().slept();
    const nanoseconds wall = at - looked_at_;
    // It woke up for this, so all that it has slept is counted.
    const nanoseconds busy = std::clamp(wall - (slept - slept_), nanoseconds{0}, wall);
    busy_.add(busy);
    if (wall > 0ns)
        own_.utilization.set(in_seconds(busy) / in_seconds(wall));
    own_.lag_half.set(in_seconds(late_.quantile(0.5)));
    own_.lag_most.set(in_seconds(late_.quantile(0.99)));
    slept_ = slept;
}

void worker_metrics::look_at_row()
{
    constexpr auto relaxed = std::memory_order_relaxed;
    const board::slot& row = of_.doors().row();
    own_.requests.set(row.requests_running.load(relaxed));
    own_.connections.set(row.connections_open.load(relaxed));
    connections_total_.look(row.connections_total.load(relaxed));
    const lanes& pool = lanes::of(of_.loop());
    const auto threads = static_cast<double>(pool.threads());
    const auto busy = static_cast<double>(pool.busy());
    own_.lanes.set(threads);
    own_.lanes_busy.set(std::min(busy, threads));
    own_.lanes_queued.set(std::max(busy - threads, 0.0));
}

void worker_metrics::look_at_memory(steady_time at)
{
    if (at < memory_due_)
        return;
    if (const auto share = process::memory_share(::getpid()))
        own_.share.set(static_cast<double>(*share));
    const nanoseconds took = now() - at;
    memory_due_ = at + std::max(memory_period, took * memory_look_share);
}

void worker_metrics::look_at_spans()
{
    if (!http::request_serial::wanted())  // nobody has tracing()
        return;
    const observe::tracer::totals all = observe::tracer::here().total();
    spans_[0].look(all.sampled);
    spans_[1].look(all.failed);
    spans_[2].look(all.slow);
    spans_[3].look(all.too_large);
    spans_[4].look(all.refused);
}

std::size_t route_series_max(unsigned workers) noexcept
{
    // A page holds three such series, and half of the pages are for us.
    constexpr std::size_t series = board::metric_blocks_max / 2 * 3;
    return std::clamp<std::size_t>(series / std::max(workers, 1U), 50, 500);
}

}  // namespace cohort
