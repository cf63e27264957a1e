#include <cohort/http/websocket/frame_meter.hpp>

#include <algorithm>

namespace cohort::http {

// RFC 6455, 5.2: FIN, RSV and opcode; MASK and a length of 7 bits; 2 or 8 more bytes of length; 4
// bytes of mask.
std::size_t frame_meter::head_bytes() const noexcept
{
    const unsigned second = std::to_integer<unsigned>(head_[1]);
    const unsigned length = second & 0x7fU;
    return 2 + (length == 126 ? 2U : length == 127 ? 8U : 0U) + ((second & 0x80U) != 0 ? 4U : 0U);
}

void frame_meter::head_is_whole() noexcept
{
    const unsigned first = std::to_integer<unsigned>(head_[0]);
    const unsigned length = std::to_integer<unsigned>(head_[1]) & 0x7fU;
    payload_ = length;
    if (length >= 126) {
        payload_ = 0;
        for (std::size_t i = 2; i < (length == 126 ? 4U : 10U); ++i)
            payload_ = payload_ << 8 | std::to_integer<std::uint64_t>(head_[i]);
    }
    have_ = 0;
    ++frames_;
    if ((first & 0x08U) != 0)
        return;  // control frames may stand between the pieces of a message
    ++fragments_;
    exceeded_ = exceeded_ || fragments_ > fragments_max_;
    if ((first & 0x80U) != 0)
        fragments_ = 0;
}

bool frame_meter::take(std::span<const std::byte> bytes) noexcept
{
    while (!bytes.empty() && !exceeded_) {
        if (payload_ != 0) {
            const auto skipped =
                static_cast<std::size_t>(std::min<std::uint64_t>(payload_, bytes.size()));
            payload_ -= skipped;
            bytes = bytes.subspan(skipped);
            continue;
        }
        head_[have_++] = bytes.front();
        bytes = bytes.subspan(1);
        if (have_ >= 2 && have_ == head_bytes())
            head_is_whole();
    }
    return !exceeded_;
}

}  // namespace cohort::http
