#pragma once

#include <cohort/http/telemetry/otlp_sender.hpp>
#include <cohort/observe/metrics.hpp>
#include <cohort/observe/sampled_count.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::http {

/// What telemetry is sent of.
enum class telemetry_signal : std::uint8_t { traces, metrics, logs };

/// Shows as metrics what became of the telemetry of one signal: what arrived, and what was lost and
/// why. A resource; the thread of the event loop. Somebody looks once a second or so.
///
/// The names are those of OpenTelemetry's conventions for SDKs, as Prometheus writes them.
class export_metrics {
public:
    explicit export_metrics(telemetry_signal which);

    void look(const otlp_counters& sent);
    /// Of signals that wait in a ring.
    /// @param overwritten  so many since the exporter began, before they were sent
    /// @param refused      so many since the cohort began that the ring did not take
    void look(const otlp_counters& sent, std::uint64_t overwritten, std::uint64_t refused);

private:
    struct waited {
        metrics::sampled_count went;
        metrics::sampled_count overwritten;
        metrics::sampled_count refused;
    };

    metrics::family<metrics::counter_series>& exported_;
    metrics::sampled_count delivered_;
    metrics::sampled_count rejected_;
    metrics::sampled_count refused_;
    metrics::sampled_count given_up_;
    metrics::sampled_count requests_;
    metrics::sampled_count retries_;
    metrics::sampled_count bytes_;
    std::optional<waited> waited_;  // nothing: there is no ring
};

}  // namespace cohort::http
