#pragma once

#include <cohort/observe/metrics.hpp>

namespace cohort {

/// What became of connections and requests when workers died or left. A resource; one a process.
struct survival_counts {
    metrics::family<metrics::counter_series>& adopted;  ///< by rule of net/adoption.hpp
    metrics::family<metrics::counter_series>& poisoned;
    metrics::counter_series& replayed;
    metrics::counter_series& handed_over;
    metrics::counter_series& taken_over;

    [[nodiscard]] static survival_counts& here();
};

}  // namespace cohort
