#include <cohort/observe/span_ring.hpp>

#include <utility>

namespace cohort::observe {

namespace {

constexpr std::string_view topic = "span";

struct sender_page {
    std::atomic<std::uint64_t> sent;
};

}  // namespace

span_ring::span_ring(std::string_view area, std::uint32_t blocks)
    : ring_{std::string{area}, board::message_ring::bytes_for(blocks)},
      sent_{std::string{area} + "/sent", sizeof(sender_page)}
{}

span_ring::outcome span_ring::publish(std::string_view span) noexcept
{
    const auto ring = messages();
    if (!ring)
        return outcome::refused;
    if (span.size() > ring->room())
        return outcome::too_large;
    return ring->publish(topic, span) ? outcome::published : outcome::refused;
}

std::optional<board::message_ring> span_ring::messages() noexcept
{
    const auto area = ring_.find();
    if (!area)
        return std::nullopt;
    return board::message_ring{*area};
}

std::atomic<std::uint64_t>* span_ring::sent() noexcept
{
    const auto area = sent_.find();
    return area ? &board::area_as<sender_page>(*area).sent : nullptr;
}

span_reader::span_reader(board::message_ring ring, std::atomic<std::uint64_t>& sent) noexcept
    : ring_{ring}, sent_{&sent}, seen_{ring, sent.load()}, settled_{sent.load()}
{}

result<span_reader> span_reader::open(span_ring& from)
{
    const auto ring = from.messages();
    std::atomic<std::uint64_t>* const sent = from.sent();
    if (!ring || sent == nullptr)
        return failed(errc::too_large, "find shared memory for spans");
    return span_reader{*ring, *sent};
}

std::vector<std::string> span_reader::take(const bounds& most, steady_time now)
{
    std::vector<std::string> taken;
    std::size_t bytes = 0;
    const auto keep = [&](std::string one) {
        bytes += one.size();
        taken.push_back(std::move(one));
    };
    if (!next_.empty())
        keep(std::exchange(next_, {}));
    std::string one;
    while (taken.size() < most.spans && bytes < most.bytes) {
        settled_ = seen_.position();
        if (seen_.look(now) != board::ring_reader::found::message)
            return taken;
        if (!seen_.read(one) || one.empty())
            continue;
        if (!taken.empty() && bytes + one.size() > most.bytes) {
            next_ = std::move(one);
            return taken;
        }
        keep(std::move(one));
    }
    settled_ = seen_.position();
    return taken;
}

void span_reader::settle() noexcept { sent_->store(settled_, std::memory_order_release); }

}  // namespace cohort::observe
