#pragma once
// How a message is spread over the words of its blocks.

#include <cohort/board/detail/block_words.hpp>
#include <cohort/board/message_ring_layout.hpp>

#include <cstddef>
#include <cstdint>

namespace cohort::board::detail {

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

}  // namespace cohort::board::detail
