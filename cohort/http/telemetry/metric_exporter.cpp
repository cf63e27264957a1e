#include <cohort/http/telemetry/metric_exporter.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/offload.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

metric_exporter::metric_exporter(observe::metric_reader from, const observe::otlp_settings& how,
                                 std::uint64_t since_unix_ns, nanoseconds pause_first)
    : reader_{std::move(from)},
      resource_{how.resource},
      how_{how.readings},
      since_unix_ns_{since_unix_ns},
      sender_{std::make_unique<otlp_sender>(how.metrics, pause_first)}
{}

result<metric_exporter> metric_exporter::of(const board::commons& whose,
                                            const observe::otlp_settings& how,
                                            nanoseconds pause_first)
{
    COHORT_TRY(auto reader, observe::metric_reader::of(whose));
    COHORT_TRY(const auto since, observe::counting_since(whose));
    return metric_exporter{std::move(reader), how, since, pause_first};
}

awaitable<> metric_exporter::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    steady_time due = now() + how_.interval;
    while (!stopped(stop)) {
        co_await sleep_for(std::max<nanoseconds>(due - now(), nanoseconds{0}));
        if (stopped(stop))
            break;
        auto sending = flush(std::min(how_.timeout, how_.interval));
        co_await std::move(sending);
        // A machine that slept does not make up for what it missed.
        due = std::max(due + how_.interval, now());
    }
}

std::vector<observe::otlp_document> metric_exporter::write()
{
    const observe::metrics_reading seen = reader_.read();
    const observe::reading_time when{.began_unix_ns = since_unix_ns_,
                                     .now_unix_ns = now_ns() + seen.wall_ahead_ns};
    return otlp_metrics(resource_, seen, when, document_bytes_max);
}

awaitable<result<std::vector<observe::otlp_document>>> metric_exporter::write_elsewhere()
{
    auto writing = offload([this] { return write(); });
    try {
        co_return co_await std::move(writing);
    } catch (const failure& refused) {
        co_return std::unexpected(refused.why());
    }
}

awaitable<> metric_exporter::flush(nanoseconds budget)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time began = now();
    auto writing = write_elsewhere();
    auto documents = co_await std::move(writing);
    if (!documents) {
        log::warn("metrics are not sent this time: {}; going on", documents.error().text());
        co_return;
    }
    for (observe::otlp_document& each : *documents) {
        if (stopped(stop))
            break;
        const nanoseconds left = std::max<nanoseconds>(began + budget - now(), milliseconds{1});
        static_cast<void>(co_await sender_->send(std::move(each.text), each.items, left));
    }
}

}  // namespace cohort::http
