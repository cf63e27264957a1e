#pragma once
// What OpenTelemetry calls that which we count under the names that Prometheus gives to it.

#include <cstdint>
#include <string_view>

namespace cohort::observe {

/// Source: OpenTelemetry, semantic conventions 1.36, "HTTP metrics", "Process metrics" and "SDK
/// metrics"; "Prometheus and OpenMetrics Compatibility".
struct otel_metric {
    std::string_view name;
    std::string_view unit;  ///< as UCUM writes it; empty: it is the family's own
    /// A gauge that is the sum of what many have: an UpDownCounter.
    bool adds_up = false;
};

/// That of a metric; one that is nobody's convention keeps its name.
[[nodiscard]] otel_metric otel_metric_of(std::string_view prometheus_name) noexcept;

enum class otel_type : std::uint8_t { text, integer };

struct otel_attribute {
    std::string_view name;
    otel_type type = otel_type::text;
};

/// That of a label.
[[nodiscard]] otel_attribute otel_attribute_of(std::string_view label) noexcept;

}  // namespace cohort::observe
