#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/server_options.hpp>
#include <cohort/http/status.hpp>
#include <cohort/observe/metrics.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cohort::http {

class request;
class route;

/// One request that has ended. A value.
struct ended_request {
    status_code status;  ///< 0: it was cut before its answer began.
    access_end how;
    request_times times;
    std::uint64_t request_bytes;  ///< Of its body, framing removed.
    std::uint64_t answer_bytes;   ///< Of the answer's.
};

/// Counts the requests of servers, by route: server_options::metrics. A resource; of one loop, that
/// of a worker.
///
/// The names are those of OpenTelemetry's conventions for HTTP servers, as Prometheus writes them.
/// A route's labels are put together when its first answer with a status has ended, and known from
/// then on: a request costs one look at the clock and a few stores.
///
/// An answer that is streamed counts there with the time until its head was ready: how long it goes
/// on is the client's doing, or on purpose (server-sent events), and would tell nothing of how fast
/// a route is. That is in a histogram of its own. A WebSocket counts with the time until its 101.
class request_metrics {
public:
    /// Series of one family: combinations of route, method, status and error.
    explicit request_metrics(std::size_t series_max = metrics::series_max_usual);
    request_metrics(const request_metrics&) = delete;
    request_metrics& operator=(const request_metrics&) = delete;

    void stream_began() noexcept { ++streams_; }
    void ended(const request& of, const ended_request& what) noexcept;

    /// Streamed answers that have begun and not ended.
    [[nodiscard]] std::uint64_t streams() const noexcept { return streams_; }

private:
    /// What tells the series of requests apart, few different ones whatever clients send.
    struct kind {
        const route* to = nullptr;
        std::uint32_t rest = 0;  ///< status | method | cut
        friend bool operator==(const kind&, const kind&) = default;
    };
    struct known {
        kind what;
        metrics::histogram_series* took = nullptr;  ///< Null: this place is free.
    };

    [[nodiscard]] metrics::histogram_series& series_of(const request& of,
                                                       const ended_request& what);
    [[nodiscard]] known& place_of(const kind& what) noexcept;
    void grow();

    metrics::family<metrics::histogram_series>& durations_;
    metrics::family<metrics::histogram_series>& stream_durations_;
    metrics::size_histogram_series& request_bodies_;
    metrics::size_histogram_series& answer_bodies_;
    std::vector<known> known_;  // open addressing; a power of two
    std::size_t known_count_ = 0;
    std::uint64_t streams_ = 0;
};

}  // namespace cohort::http
