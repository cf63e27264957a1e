#include <cohort/observe/histogram_reading.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace cohort::observe {

std::optional<double> histogram_reading::quantile(double share,
                                                  std::span<const std::uint64_t> bounds) const
{
    if (count == 0 || bounds.size() != cells.size() + 1)
        return std::nullopt;
    const auto wanted =
        std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(std::clamp(share, 0.0, 1.0) *
                                                                       static_cast<double>(count))),
                                  1, count);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        seen += cells[i];
        // Of a cell of one number: that number. Otherwise its middle.
        if (seen >= wanted)
            return (static_cast<double>(bounds[i]) + static_cast<double>(bounds[i + 1] - 1)) / 2;
    }
    return std::nullopt;
}

std::vector<std::uint64_t> histogram_reading::not_above(const histogram_scale& scale) const
{
    std::vector<std::uint64_t> found;
    std::uint64_t seen = 0;
    std::size_t next = 0;
    for (const std::uint64_t edge : scale.edges()) {
        for (const std::size_t last = scale.spot_of(edge).cell; next <= last; ++next)
            seen += cells[next];
        found.push_back(seen);
    }
    return found;
}

histogram_reading& histogram_reading::operator+=(const histogram_reading& other)
{
    count += other.count;
    sum += other.sum;
    cells.resize(std::max(cells.size(), other.cells.size()));
    for (std::size_t i = 0; i < other.cells.size(); ++i)
        cells[i] += other.cells[i];
    return *this;
}

histogram_reading histogram_reading::since(const histogram_reading& then) const
{
    histogram_reading found = *this;
    found.sum -= std::min(found.sum, then.sum);
    found.count = 0;
    for (std::size_t i = 0; i < found.cells.size(); ++i) {
        if (i < then.cells.size())
            found.cells[i] -= std::min(found.cells[i], then.cells[i]);
        found.count += found.cells[i];
    }
    return found;
}

}  // namespace cohort::observe
