#include <cohort/observe/histogram_scale.hpp>

#include <algorithm>

namespace cohort::observe {

histogram_scale::histogram_scale(const metric_description& of)
    : precision_{of.precision},
      shift_{of.unit == metric_unit::seconds ? 10U - of.precision : 0U},
      last_{top(of.unit) - 1},
      edges_{of.edges}
{
    const std::size_t octaves = top_bits(of.unit) - shift_ - precision_;
    cut_before_.resize((octaves + 1) << precision_);
    std::size_t edge = 0;
    for (std::size_t bucket = 0; bucket < cut_before_.size(); ++bucket) {
        while (edge < edges_.size() && edges_[edge] < start_of(bucket))
            ++edge;
        cut_before_[bucket] = static_cast<std::uint8_t>(edge);
    }
}

std::uint64_t histogram_scale::start_of(std::size_t bucket) const noexcept
{
    const std::uint64_t each = std::uint64_t{1} << precision_;
    if (bucket < each)
        return std::uint64_t{bucket} << shift_;
    const std::size_t octave = (bucket >> precision_) - 1;
    return (each + (bucket & (each - 1))) << octave << shift_;
}

std::vector<std::uint64_t> histogram_scale::bounds() const
{
    std::vector<std::uint64_t> found;
    found.reserve(cells() + 1);
    std::size_t edge = 0;
    for (std::size_t bucket = 0; bucket < cut_before_.size(); ++bucket) {
        found.push_back(start_of(bucket));
        const std::uint64_t end = start_of(bucket + 1);
        for (; edge < edges_.size() && edges_[edge] < end; ++edge)
            found.push_back(edges_[edge] + 1);
    }
    found.push_back(start_of(cut_before_.size()));
    return found;
}

histogram_layout histogram_cells(const metric_description& of)
{
    histogram_layout found;
    found.exemplars = histogram_layout::first + histogram_scale{of}.cells();
    found.end = found.exemplars +
                (of.exemplars ? (of.edges.size() + 1) * histogram_layout::exemplar_words : 0);
    return found;
}

std::vector<std::uint64_t> usual_edges(metric_unit unit)
{
    if (unit == metric_unit::seconds) {
        // OpenTelemetry's semantic conventions for http.server.request.duration.
        std::vector<std::uint64_t> edges = {5,   10,  25,    50,    75,    100,   250,
                                            500, 750, 1'000, 2'500, 5'000, 7'500, 10'000};
        for (std::uint64_t& each : edges)
            each *= 1'000'000;
        return edges;
    }
    std::vector<std::uint64_t> edges;
    const std::uint64_t first = unit == metric_unit::bytes ? 256 : 1;
    for (std::uint64_t each = first; edges.size() < 10; each *= 4)
        edges.push_back(each);
    return edges;
}

}  // namespace cohort::observe
