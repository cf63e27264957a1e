#include <cohort/observe/span_ring.hpp>

#include <string>

namespace cohort::observe {

span_ring::span_ring(std::string_view area, std::uint32_t blocks)
    : ring_{std::string{area}, export_ring::ring_bytes(blocks)},
      sent_{export_ring::sent_area(area), export_ring::sent_bytes}
{}

span_ring::outcome span_ring::publish(std::string_view span) noexcept
{
    const auto ring = find();
    return ring ? ring->publish("span", span) : outcome::refused;
}

std::optional<export_ring> span_ring::find() noexcept
{
    const auto ring = ring_.find();
    const auto sent = sent_.find();
    if (!ring || !sent)
        return std::nullopt;
    return export_ring{*ring, *sent};
}

}  // namespace cohort::observe
