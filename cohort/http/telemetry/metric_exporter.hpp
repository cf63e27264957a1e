#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/http/telemetry/otlp_sender.hpp>
#include <cohort/observe/metric_reading.hpp>
#include <cohort/observe/otlp_metrics.hpp>
#include <cohort/observe/otlp_settings.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace cohort::http {

/// Sends the metrics of a whole cohort, every so often, as they are then: what did not arrive is in
/// what comes next. They are read out of shared memory, on a lane, whatever workers do meanwhile. A
/// resource of one event loop.
class metric_exporter {
public:
    /// Of one request; there are as many as it takes.
    static constexpr std::size_t document_bytes_max = std::size_t{2} << 20;

    /// Errors: errc::too_large, there is no shared memory for metrics (give up).
    [[nodiscard]] static result<metric_exporter>
    of(const board::commons& whose, const observe::otlp_settings& how,
       nanoseconds pause_first = otlp_retry::pause_first);

    /// Sends them, each interval once, until it is cancelled. Cancel: total.
    [[nodiscard]] awaitable<> run();

    /// Sends them now, within so long at most. Order: not while run() runs.
    [[nodiscard]] awaitable<> flush(nanoseconds budget);

    /// Of data points.
    [[nodiscard]] const otlp_counters& counters() const noexcept { return sender_->counters(); }

    /// Closes connections. Before the loop goes.
    [[nodiscard]] awaitable<> close() { return sender_->close(); }

private:
    metric_exporter(observe::metric_reader from, const observe::otlp_settings& how,
                    std::uint64_t since_unix_ns, nanoseconds pause_first);

    /// On a lane: there may be many.
    [[nodiscard]] std::vector<observe::otlp_document> write();
    /// Errors: errc::queue_full, the lanes have too much to do (again later); errc::stopping.
    [[nodiscard]] awaitable<result<std::vector<observe::otlp_document>>> write_elsewhere();

    observe::metric_reader reader_;
    observe::otlp_resource resource_;
    observe::otlp_rhythm how_;
    std::uint64_t since_unix_ns_;
    std::unique_ptr<otlp_sender> sender_;
};

}  // namespace cohort::http
