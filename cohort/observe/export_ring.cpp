#include <cohort/observe/export_ring.hpp>

#include <cohort/base/try.hpp>

#include <utility>

namespace cohort::observe {

namespace {

struct sender_page {
    std::atomic<std::uint64_t> sent;
};
static_assert(sizeof(sender_page) == export_ring::sent_bytes);

}  // namespace

std::string export_ring::sent_area(std::string_view area) { return std::string{area} + "/sent"; }

result<export_ring> export_ring::in(const board::commons& where, std::string_view area,
                                    std::uint32_t blocks)
{
    COHORT_TRY(const auto ring, where.area(area, ring_bytes(blocks)));
    COHORT_TRY(const auto sent, where.area(sent_area(area), sent_bytes));
    return export_ring{ring, sent};
}

export_ring::export_ring(std::span<std::byte> ring, std::span<std::byte> sent) noexcept
    : messages_{ring}, sent_{&board::area_as<sender_page>(sent).sent}
{}

export_ring::outcome export_ring::publish(std::string_view topic,
                                          std::string_view text) const noexcept
{
    if (text.size() > messages_.room())
        return outcome::too_large;
    return messages_.publish(topic, text) ? outcome::published : outcome::refused;
}

export_reader::export_reader(const export_ring& from) noexcept
    : ring_{from.messages_},
      sent_{from.sent_},
      seen_{ring_, sent_->load()},
      settled_{seen_.position()}
{}

std::vector<export_item> export_reader::take(const bounds& most, steady_time now)
{
    std::vector<export_item> taken;
    std::size_t bytes = 0;
    const auto keep = [&](export_item one) {
        bytes += one.text.size();
        taken.push_back(std::move(one));
    };
    if (next_)
        keep(*std::exchange(next_, std::nullopt));
    while (taken.size() < most.items && bytes < most.bytes) {
        settled_ = seen_.position();
        if (seen_.look(now) != board::ring_reader::found::message)
            return taken;
        export_item one{.published_ns = seen_.published_ns()};
        if (!seen_.read(one.text) || one.text.empty())
            continue;
        if (!taken.empty() && bytes + one.text.size() > most.bytes) {
            next_ = std::move(one);
            return taken;
        }
        keep(std::move(one));
    }
    settled_ = seen_.position();
    return taken;
}

void export_reader::settle() noexcept { sent_->store(settled_, std::memory_order_release); }

}  // namespace cohort::observe
