#pragma once

#include <cstdint>

namespace cohort::observe {

/// What CLOCK_REALTIME is ahead of CLOCK_MONOTONIC now, in nanoseconds: for dates of what was timed
/// by the clock that nobody sets. Modulo 2^64, as sums with it are.
[[nodiscard]] std::uint64_t wall_ahead_ns() noexcept;

}  // namespace cohort::observe
