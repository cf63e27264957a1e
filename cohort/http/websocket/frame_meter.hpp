#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cohort::http {

/// Counts the pieces that a client sends its messages in, by walking over the heads of frames:
/// Beast bounds a message's bytes, but pieces may be empty, and an endless message of empty pieces
/// would never reach the handler. Believes everything else. A value.
class frame_meter {
public:
    explicit frame_meter(std::size_t fragments_max) noexcept
        : fragments_max_{fragments_max}
    {}

    /// Takes the next bytes as they come from the wire, cut anywhere. False once a message is in
    /// more pieces than allowed, and ever after.
    [[nodiscard]] bool take(std::span<const std::byte> bytes) noexcept;

    /// Frames whose head was seen whole, control frames included.
    [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }

private:
    [[nodiscard]] std::size_t head_bytes() const noexcept;
    void head_is_whole() noexcept;

    std::size_t fragments_max_;
    std::size_t fragments_ = 0;  // of the message that is arriving
    std::uint64_t frames_ = 0;
    std::uint64_t payload_ = 0;  // bytes left of this frame
    std::array<std::byte, 14> head_{};
    std::uint8_t have_ = 0;  // of head_
    bool exceeded_ = false;
};

}  // namespace cohort::http
