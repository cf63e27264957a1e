#pragma once
// How a histogram divides what there is to measure.

#include <cohort/observe/metric_description.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cohort::observe {

/// From a value to its cell, and back. A value.
///
/// 2^precision buckets an octave, all of one width (log-linear, as HdrHistogram has them); what is
/// below the first octave in as many of one width; and each bucket in which a classic bucket ends
/// is cut there. So one word more per classic bucket, and none of them has to be counted beside:
/// count, classic buckets and quantiles come from the same words, and agree whenever a writer dies.
class histogram_scale {
public:
    /// Times: from 1 µs on, to 137 s. Others: from 2^precision, below which each number has a cell
    /// of its own, to 2^33. What is above is in the last cell.
    explicit histogram_scale(const metric_description& of);

    [[nodiscard]] static constexpr std::uint64_t top(metric_unit unit) noexcept
    {
        return std::uint64_t{1} << top_bits(unit);
    }
    [[nodiscard]] std::size_t cells() const noexcept { return cut_before_.size() + edges_.size(); }

    /// Where a value belongs.
    struct spot {
        std::size_t cell = 0;
        std::size_t edge = 0;  ///< the first edge that it is not above; their number: none
    };
    [[nodiscard]] spot spot_of(std::uint64_t value) const noexcept
    {
        const std::uint64_t units = value < last_ ? value >> shift_ : last_ >> shift_;
        std::uint64_t at = units;
        if (units >> precision_ != 0) {
            const unsigned octave = static_cast<unsigned>(std::bit_width(units)) - 1 - precision_;
            at = (std::uint64_t{octave} << precision_) + (units >> octave);
        }
        std::size_t edge = cut_before_[at];
        while (edge < edges_.size() && value > edges_[edge])
            ++edge;
        return {at + edge, edge};
    }

    /// Where each cell begins, and where the last one ends.
    [[nodiscard]] std::vector<std::uint64_t> bounds() const;
    [[nodiscard]] std::span<const std::uint64_t> edges() const noexcept { return edges_; }

private:
    [[nodiscard]] static constexpr unsigned top_bits(metric_unit unit) noexcept
    {
        return unit == metric_unit::seconds ? 37 : 33;
    }
    [[nodiscard]] std::uint64_t start_of(std::size_t bucket) const noexcept;

    unsigned precision_;
    unsigned shift_;
    std::uint64_t last_;
    std::vector<std::uint8_t> cut_before_;  // by bucket: edges in those before it
    std::vector<std::uint64_t> edges_;
};

/// Where the words of a histogram are, in its series. A value.
struct histogram_layout {
    static constexpr std::size_t sum = 0;
    static constexpr std::size_t first = 1;  ///< the cells
    /// Of an exemplar: trace id (2), value, when (CLOCK_MONOTONIC ns), checksum.
    static constexpr std::size_t exemplar_words = 5;
    std::size_t exemplars = 0;  ///< one for each classic bucket; equal to `end`: none
    std::size_t end = 0;
};
[[nodiscard]] histogram_layout histogram_cells(const metric_description& of);

/// The classic buckets of OpenTelemetry, in nanoseconds, and such for numbers and bytes.
[[nodiscard]] std::vector<std::uint64_t> usual_edges(metric_unit unit);

}  // namespace cohort::observe
