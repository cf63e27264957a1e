#pragma once

#include <optional>
#include <span>
#include <vector>

namespace cohort::dashboard {

/// What workers of one cohort have in common, as long as all is well: each does about as much as
/// the others. A value; what is not known is left out.
struct worker_habits {
    std::optional<double> utilisation = {};  ///< 0 to 1
    std::optional<double> lag_ms = {};
    std::optional<double> in_flight = {};
    std::optional<double> memory_bytes = {};
};

/// How far each is from what is usual: in the habit in which it is farthest, its distance from the
/// median, in typical distances of the others. 0: like all others; 3 and more: look at it.
[[nodiscard]] std::vector<double> oddness(std::span<const worker_habits> of);

}  // namespace cohort::dashboard
