#include <cohort/http/telemetry/batch_exporter.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/observe/otlp.hpp>
#include <cohort/observe/otlp_logs.hpp>
#include <cohort/observe/wall_ahead.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

namespace {

/// How often somebody looks whether there are enough items for a batch. The ring holds what 16,000
/// spans a second leave there meanwhile.
constexpr nanoseconds glance = milliseconds{200};

std::string document_of_lines(const observe::otlp_resource& of,
                              std::span<const observe::export_item> lines)
{
    return observe::otlp_logs(of, lines, observe::wall_ahead_ns());
}

}  // namespace

batch_exporter::batch_exporter(const observe::export_ring& from, const kind& which,
                               const observe::otlp_resource& whose,
                               const observe::otlp_batching& how, std::unique_ptr<otlp_sender> by)
    : items_{from}, kind_{which}, resource_{whose}, how_{how}, sender_{std::move(by)}
{}

batch_exporter batch_exporter::of_spans(const observe::export_ring& from,
                                        const observe::otlp_settings& how, nanoseconds pause_first)
{
    const kind spans{
        .document = &observe::otlp_traces, .blocks_each = 2, .bytes_max = document_bytes_max};
    return {from, spans, how.resource, how.spans,
            std::make_unique<otlp_sender>(how.traces, pause_first)};
}

batch_exporter batch_exporter::of_lines(const observe::export_ring& from,
                                        const observe::otlp_settings& how, nanoseconds pause_first)
{
    // Besides what grows with a line there are a record's own words.
    const kind lines{.document = &document_of_lines,
                     .blocks_each = 1,
                     .bytes_max = document_bytes_max / (observe::record_growth_max + 2)};
    return {from, lines, how.resource, how.lines,
            std::make_unique<otlp_sender>(how.logs, pause_first)};
}

awaitable<> batch_exporter::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        bool sent = false;
        if (is_due(now()))
            sent = co_await send_some(how_.timeout);
        if (!sent && !stopped(stop))
            co_await sleep_for(std::min<nanoseconds>(glance, how_.delay));
    }
}

awaitable<> batch_exporter::flush(nanoseconds budget)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time until = now() + budget;
    bool more = true;
    while (more && !stopped(stop) && now() < until)
        more = co_await send_some(until - now());
}

bool batch_exporter::is_due(steady_time at) noexcept
{
    // A batch that was on its way when run() was stopped goes first.
    const std::uint64_t waiting = items_.waiting() + (batch_.empty() ? 0 : 1);
    if (waiting == 0) {
        waiting_since_.reset();
        return false;
    }
    if (!waiting_since_)
        waiting_since_ = at;
    return waiting >= how_.items_max * kind_.blocks_each || at - *waiting_since_ >= how_.delay;
}

/// False: there was nothing that could be sent now.
awaitable<bool> batch_exporter::send_some(nanoseconds budget)
{
    const observe::export_reader::bounds most{.items = how_.items_max, .bytes = kind_.bytes_max};
    if (batch_.empty())
        batch_ = items_.take(most, now());
    if (batch_.empty())
        co_return false;
    std::string document = kind_.document(resource_, batch_);
    const bool over = co_await sender_->send(std::move(document), batch_.size(), budget);
    if (over) {
        batch_.clear();
        items_.settle();
        waiting_since_.reset();
    }
    co_return over;
}

}  // namespace cohort::http
