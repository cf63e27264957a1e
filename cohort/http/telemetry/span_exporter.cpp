#include <cohort/http/telemetry/span_exporter.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/observe/otlp.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

namespace {

/// How often somebody looks whether there are enough spans for a batch. The ring holds what 16,000
/// spans a second leave there meanwhile.
constexpr nanoseconds glance = milliseconds{200};

/// Blocks of the ring that a span takes, usually.
constexpr std::uint64_t blocks_per_span = 2;

}  // namespace

span_exporter::span_exporter(observe::span_reader spans, const observe::otlp_settings& how,
                             nanoseconds pause_first)
    : spans_{std::move(spans)},
      resource_{how.resource},
      how_{how.spans},
      sender_{std::make_unique<otlp_sender>(how.traces, pause_first)}
{}

result<span_exporter> span_exporter::open(observe::span_ring& from,
                                          const observe::otlp_settings& how,
                                          nanoseconds pause_first)
{
    auto spans = observe::span_reader::open(from);
    if (!spans)
        return std::unexpected(std::move(spans).error());
    return span_exporter{std::move(*spans), how, pause_first};
}

awaitable<> span_exporter::run()
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

awaitable<> span_exporter::flush(nanoseconds budget)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time until = now() + budget;
    bool more = true;
    while (more && !stopped(stop) && now() < until)
        more = co_await send_some(until - now());
}

bool span_exporter::is_due(steady_time at) noexcept
{
    const std::uint64_t waiting = spans_.waiting();
    if (waiting == 0) {
        waiting_since_.reset();
        return false;
    }
    if (!waiting_since_)
        waiting_since_ = at;
    return waiting >= how_.spans_max * blocks_per_span || at - *waiting_since_ >= how_.delay;
}

/// False: there was nothing that could be sent now.
awaitable<bool> span_exporter::send_some(nanoseconds budget)
{
    const observe::span_reader::bounds most{.spans = how_.spans_max, .bytes = document_bytes_max};
    if (batch_.empty())
        batch_ = spans_.take(most, now());
    if (batch_.empty())
        co_return false;
    std::string document = otlp_traces(resource_, batch_);
    const bool over = co_await sender_->send(std::move(document), batch_.size(), budget);
    if (over) {
        batch_.clear();
        spans_.settle();
        waiting_since_.reset();
    }
    co_return over;
}

}  // namespace cohort::http
