#pragma once
// The one place that reads clocks, so that tests and reviews know where time comes from.

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cohort {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using steady_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::system_clock::time_point;

/// CLOCK_MONOTONIC; costs about 45 ns here.
[[nodiscard]] steady_time now() noexcept;

/// CLOCK_MONOTONIC_COARSE: a few milliseconds behind, four times cheaper.
[[nodiscard]] steady_time now_coarse() noexcept;

/// CLOCK_MONOTONIC as nanoseconds, the form it has in shared memory.
[[nodiscard]] std::uint64_t now_ns() noexcept;

/// CLOCK_REALTIME. Only for people and for protocols that carry dates.
[[nodiscard]] wall_time wall_now() noexcept;

/// CLOCK_REALTIME_COARSE in whole seconds since 1970, for the Date header.
[[nodiscard]] std::int64_t wall_seconds_coarse() noexcept;

/// "2024-01-26T10:00:00.000Z" (RFC 3339, UTC, milliseconds). Of the second that this thread asked
/// about last, only the milliseconds are computed.
[[nodiscard]] std::string_view timestamp(wall_time when, std::span<char, 24> into) noexcept;
[[nodiscard]] std::string timestamp(wall_time when);

}  // namespace cohort
