#pragma once
// How a message is spread over the words of its blocks.

#include <cohort/base/random.hpp>
#include <cohort/board/message_ring_layout.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cohort::board::detail {

constexpr std::size_t words_for(std::size_t bytes) noexcept { return (bytes + 7) / 8; }

constexpr std::uint64_t ring_word(std::uint64_t number, ring_state state) noexcept
{
    return number << ring_state_bits | static_cast<std::uint64_t>(state);
}

constexpr std::uint64_t number_of(std::uint64_t word) noexcept { return word >> ring_state_bits; }

constexpr ring_state state_of(std::uint64_t word) noexcept
{
    return static_cast<ring_state>(word & ((1U << ring_state_bits) - 1));
}

/// What the first block says of its message.
struct ring_shape {
    std::size_t topic_bytes = 0;
    std::size_t text_bytes = 0;

    [[nodiscard]] constexpr std::uint64_t word() const noexcept
    {
        return std::uint64_t{topic_bytes} << 32 | text_bytes;
    }
    [[nodiscard]] static constexpr ring_shape of(std::uint64_t word) noexcept
    {
        return {static_cast<std::size_t>(word >> 32),
                static_cast<std::size_t>(word & 0xffff'ffffU)};
    }
    [[nodiscard]] constexpr std::size_t words() const noexcept
    {
        return ring_first_words + words_for(topic_bytes) + words_for(text_bytes);
    }
    [[nodiscard]] constexpr std::size_t blocks() const noexcept
    {
        return (words() + ring_block_words - 1) / ring_block_words;
    }
};

/// Tells a message from what a stalled writer or a wild pointer left in its place.
class ring_checksum {
public:
    ring_checksum(std::uint64_t number, ring_shape what) noexcept
        : state_{mix(number ^ mix(what.word()))}
    {}
    void add(std::uint64_t word) noexcept
    {
        state_ = (state_ ^ word) * 0x9e37'79b9'7f4a'7c15U;
        state_ ^= state_ >> 32;
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return mix(state_); }

private:
    std::uint64_t state_;
};

/// Up to eight bytes of a text, from a word's place on.
inline std::uint64_t load_word(std::string_view from, std::size_t index) noexcept
{
    std::uint64_t word = 0;
    const std::size_t at = index * 8;
    if (from.size() - at >= sizeof word)
        std::memcpy(&word, from.data() + at, sizeof word);
    else
        std::memcpy(&word, from.data() + at, from.size() - at);
    return word;
}

}  // namespace cohort::board::detail
