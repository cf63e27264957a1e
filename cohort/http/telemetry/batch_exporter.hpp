#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/http/telemetry/otlp_sender.hpp>
#include <cohort/observe/export_ring.hpp>
#include <cohort/observe/otlp_settings.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cohort::http {

/// Sends what the processes of a cohort leave in a ring, spans or lines of the log, in batches. One
/// process does it; when it dies its successor goes on with what was not settled, so that a batch
/// may be sent twice and none is lost. A resource of one event loop.
///
///     auto exporter = http::batch_exporter::of_spans(ring, settings);
///     scope.spawn(exporter.run());      // until the scope stops
///     co_await exporter.flush(5s);      // and then what is left
///
/// The ring is the queue: while a collector does not answer, the oldest items are overwritten, and
/// counted.
class batch_exporter {
public:
    static constexpr std::size_t document_bytes_max = std::size_t{4} << 20;

    [[nodiscard]] static batch_exporter of_spans(const observe::export_ring& from,
                                                 const observe::otlp_settings& how,
                                                 nanoseconds pause_first = otlp_retry::pause_first);
    [[nodiscard]] static batch_exporter of_lines(const observe::export_ring& from,
                                                 const observe::otlp_settings& how,
                                                 nanoseconds pause_first = otlp_retry::pause_first);

    /// Sends what comes: a batch when there are enough items for one, and what there is when the
    /// first one has waited for long enough. Until it is cancelled; then what is on its way is
    /// not settled. Cancel: total.
    [[nodiscard]] awaitable<> run();

    /// Sends what is there, for as long at most. Order: not while run() runs.
    [[nodiscard]] awaitable<> flush(nanoseconds budget);

    [[nodiscard]] const otlp_counters& counters() const noexcept { return sender_->counters(); }
    /// Items that were overwritten before they were sent, at most.
    [[nodiscard]] std::uint64_t lost() const noexcept { return items_.lost(); }

    /// Closes connections. Before the loop goes.
    [[nodiscard]] awaitable<> close() { return sender_->close(); }

private:
    /// What is different for each kind of items. A value.
    struct kind {
        /// A whole request of them.
        std::string (*document)(const observe::otlp_resource& of,
                                std::span<const observe::export_item> items);
        std::uint64_t blocks_each;  ///< of the ring, usually
        std::size_t bytes_max;      ///< of a batch, as it lies in the ring
    };

    batch_exporter(const observe::export_ring& from, const kind& which,
                   const observe::otlp_resource& whose, const observe::otlp_batching& how,
                   std::unique_ptr<otlp_sender> by);

    [[nodiscard]] bool is_due(steady_time at) noexcept;
    [[nodiscard]] awaitable<bool> send_some(nanoseconds budget);

    observe::export_reader items_;
    kind kind_;
    observe::otlp_resource resource_;
    observe::otlp_batching how_;
    std::unique_ptr<otlp_sender> sender_;
    std::vector<observe::export_item> batch_;  // taken, and not sent
    std::optional<steady_time> waiting_since_;
};

}  // namespace cohort::http
