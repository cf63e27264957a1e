#include <cohort/http/telemetry/telemetry_exporter.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/span_ring.hpp>

#include <utility>

namespace cohort::http {

namespace {

constexpr nanoseconds look_period = seconds{1};

void complain(std::string_view what, const fault& why)
{
    log::warn("{} are not sent to a collector: {}; going on without", what, why.text());
}

}  // namespace

telemetry_exporter::telemetry_exporter(const board::commons& of, const observe::otlp_settings& how,
                                       nanoseconds pause_first)
{
    if (how.traces.wanted) {
        using observe::span_ring;
        add_spans(of, {.area = span_ring::trouble_area_name, .blocks = span_ring::trouble_blocks},
                  how, pause_first);
        add_spans(of, {.area = span_ring::area_name, .blocks = observe::export_ring::usual_blocks},
                  how, pause_first);
    }
    if (how.metrics.wanted)
        add_metrics(of, how, pause_first);
    if (how.logs.wanted)
        add_lines(of, how, pause_first);
}

void telemetry_exporter::add_spans(const board::commons& of, const ring_place& where,
                                   const observe::otlp_settings& how, nanoseconds pause_first)
{
    const auto ring = observe::export_ring::in(of, where.area, where.blocks);
    if (!ring)
        return complain("spans", ring.error());
    spans_.push_back({batch_exporter::of_spans(*ring, how, pause_first),
                      export_metrics{telemetry_signal::traces}});
}

void telemetry_exporter::add_metrics(const board::commons& of, const observe::otlp_settings& how,
                                     nanoseconds pause_first)
{
    auto made = metric_exporter::of(of, how, pause_first);
    if (!made)
        return complain("metrics", made.error());
    metrics_.emplace(
        line<metric_exporter>{*std::move(made), export_metrics{telemetry_signal::metrics}});
}

void telemetry_exporter::add_lines(const board::commons& of, const observe::otlp_settings& how,
                                   nanoseconds pause_first)
{
    auto left = observe::log_export::in(of);
    if (!left)
        return complain("lines of the log", left.error());
    const auto ring = left->ring();
    if (!ring)
        return complain("lines of the log", ring.error());
    left_.emplace(*std::move(left));
    lines_.emplace(line<batch_exporter>{batch_exporter::of_lines(*ring, how, pause_first),
                                        export_metrics{telemetry_signal::logs}});
}

void telemetry_exporter::start(scope& in)
{
    for (auto& each : spans_)
        in.spawn(each.sender.run());
    if (metrics_)
        in.spawn(metrics_->sender.run());
    if (lines_)
        in.spawn(lines_->sender.run());
    in.spawn(watch());
}

awaitable<> telemetry_exporter::watch()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        look();
        co_await sleep_for(look_period);
    }
}

void telemetry_exporter::look()
{
    for (auto& each : spans_)
        each.shown.look(each.sender.counters(), each.sender.lost(), 0);
    if (metrics_)
        metrics_->shown.look(metrics_->sender.counters());
    if (lines_)
        lines_->shown.look(lines_->sender.counters(), lines_->sender.lost(), left_->refused());
}

awaitable<> telemetry_exporter::flush(nanoseconds budget)
{
    const auto executor = co_await asio::this_coro::executor;
    look();  // for the last metrics
    scope all{executor};
    for (auto& each : spans_)
        all.spawn(each.sender.flush(budget));
    if (metrics_)
        all.spawn(metrics_->sender.flush(budget));
    if (lines_)
        all.spawn(lines_->sender.flush(budget));
    co_await all.join();
    look();
}

awaitable<> telemetry_exporter::close()
{
    for (auto& each : spans_)
        co_await each.sender.close();
    if (metrics_)
        co_await metrics_->sender.close();
    if (lines_)
        co_await lines_->sender.close();
}

std::optional<std::uint64_t> telemetry_exporter::spans_lost() const noexcept
{
    if (spans_.empty())
        return std::nullopt;
    std::uint64_t all = 0;
    for (const auto& each : spans_)
        all += each.sender.lost();
    return all;
}

}  // namespace cohort::http
