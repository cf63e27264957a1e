#pragma once
// Metrics as Prometheus and its kin read them.

#include <cohort/observe/exposition_format.hpp>
#include <cohort/observe/metric_reading.hpp>

#include <string>

namespace cohort::observe {

/// The whole page. How metrics themselves fare is at its end: `cohort_metrics_…`.
/// Source: prometheus.io, "Text-based format"; OpenMetrics 1.0.
[[nodiscard]] std::string expose(const metrics_reading& what, exposition_format as);

}  // namespace cohort::observe
