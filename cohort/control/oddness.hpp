#pragma once

#include <optional>
#include <span>
#include <vector>

namespace cohort::control {

/// What workers of one cohort have in common, as long as all is well: each does about as much as
/// the others. A value; what is not known is left out.
struct worker_habits {
    std::optional<double> utilisation = {};  ///< 0 to 1
    std::optional<double> lag_ms = {};
    std::optional<double> in_flight = {};
    std::optional<double> connections = {};
    std::optional<double> memory_bytes = {};
};

/// From here on a worker is not like the others, and is said to be odd.
inline constexpr double odd_from = 3;

/// How far each is from what is usual: in the habit in which it is farthest, its distance from the
/// median, in typical distances of the others, rounded to a tenth. 0: like all others, or of fewer
/// than three, of whom nobody can say which one is odd.
[[nodiscard]] std::vector<double> oddness(std::span<const worker_habits> of);

}  // namespace cohort::control
