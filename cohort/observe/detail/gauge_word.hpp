#pragma once
// Numbers that are no counts, as words of shared memory.

#include <cohort/base/random.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace cohort::metrics::detail {

/// A NaN that no gauge has: so that a word of zero is a gauge that was never set.
inline constexpr std::uint64_t never_set = 0x7ff8'c0f0'1234'5678U;

inline std::uint64_t gauge_bits(double value) noexcept
{
    const double one_nan = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
    return std::bit_cast<std::uint64_t>(one_nan) ^ never_set;
}

inline std::optional<double> gauge_value(std::uint64_t bits) noexcept
{
    if (bits == 0)
        return std::nullopt;
    return std::bit_cast<double>(bits ^ never_set);
}

inline std::uint64_t exemplar_sum(const std::array<std::uint64_t, 2>& trace, std::uint64_t value,
                                  std::uint64_t when) noexcept
{
    return mix(trace[0] ^ mix(trace[1] ^ mix(value ^ mix(when)))) | 1U;
}

}  // namespace cohort::metrics::detail
