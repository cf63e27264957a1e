#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/telemetry/otlp_sender.hpp>
#include <cohort/observe/otlp_settings.hpp>
#include <cohort/observe/span_ring.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::http {

/// Sends the spans of a whole cohort, from the ring where they lie, in batches. One process does
/// it; when it dies its successor goes on with what was not settled, so that a batch may be sent
/// twice and none is lost. A resource of one event loop.
///
///     auto exporter = http::span_exporter::open(ring, settings);
///     scope.spawn(exporter->run());      // until the scope stops
///     co_await exporter->flush(5s);      // and then what is left
///
/// The ring is the queue: while a collector does not answer, the oldest spans are overwritten, and
/// counted.
class span_exporter {
public:
    static constexpr std::size_t document_bytes_max = std::size_t{4} << 20;

    /// Errors: errc::too_large, there is no shared memory for spans (give up).
    [[nodiscard]] static result<span_exporter>
    open(observe::span_ring& from, const observe::otlp_settings& how,
         nanoseconds pause_first = otlp_retry::pause_first);

    /// Sends what comes: a batch when there are enough spans for one, and what there is when the
    /// first one has waited for long enough. Until it is cancelled; then what is on its way is
    /// not settled. Cancel: total.
    [[nodiscard]] awaitable<> run();

    /// Sends what is there, for as long at most. Order: not while run() runs.
    [[nodiscard]] awaitable<> flush(nanoseconds budget);

    [[nodiscard]] const otlp_counters& counters() const noexcept { return sender_->counters(); }
    /// Spans that were overwritten before they were sent, at most.
    [[nodiscard]] std::uint64_t lost() const noexcept { return spans_.lost(); }

    /// Closes connections. Before the loop goes.
    [[nodiscard]] awaitable<> close() { return sender_->close(); }

private:
    span_exporter(observe::span_reader spans, const observe::otlp_settings& how,
                  nanoseconds pause_first);

    [[nodiscard]] bool is_due(steady_time at) noexcept;
    [[nodiscard]] awaitable<bool> send_some(nanoseconds budget);

    observe::span_reader spans_;
    observe::otlp_resource resource_;
    observe::span_batching how_;
    std::unique_ptr<otlp_sender> sender_;
    std::vector<std::string> batch_;  // taken, and not sent
    std::optional<steady_time> waiting_since_;
};

}  // namespace cohort::http
