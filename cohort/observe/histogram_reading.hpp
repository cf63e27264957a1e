#pragma once

#include <cohort/observe/histogram_scale.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cohort::observe {

/// The newest trace of a bucket, over all processes. A value.
struct exemplar {
    std::array<std::uint64_t, 2> trace{};
    std::uint64_t value = 0;
    std::uint64_t when_ns = 0;  ///< CLOCK_MONOTONIC
};

/// What one histogram has counted, over all processes or since an earlier reading. A value.
class histogram_reading {
public:
    std::uint64_t count = 0;
    std::uint64_t sum = 0;                           ///< nanoseconds, bytes, numbers
    std::vector<std::uint64_t> cells;                ///< by cell of its scale
    std::vector<std::optional<exemplar>> exemplars;  ///< by classic bucket; none: it keeps none

    /// The value that so large a share (0 to 1) is not above: right to the width of a bucket.
    /// Nothing: it is empty. Nanoseconds, bytes or numbers.
    [[nodiscard]] std::optional<double> quantile(double share,
                                                 std::span<const std::uint64_t> bounds) const;
    /// How many were not above each edge of the scale.
    [[nodiscard]] std::vector<std::uint64_t> not_above(const histogram_scale& scale) const;

    histogram_reading& operator+=(const histogram_reading& other);
    /// What came since then. What was not there then counts from zero.
    [[nodiscard]] histogram_reading since(const histogram_reading& then) const;
};

}  // namespace cohort::observe
