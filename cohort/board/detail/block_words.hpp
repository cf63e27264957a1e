#pragma once
// Texts as words: how they are spread over blocks of shared memory, and told from what somebody
// else has left there.

#include <cohort/base/random.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cohort::board::detail {

constexpr std::size_t words_for(std::size_t bytes) noexcept { return (bytes + 7) / 8; }

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

/// Tells what was written from what a stalled writer or a wild pointer left in its place. A value.
class word_checksum {
public:
    /// `number`: of the writing; `shape`: what else it is, in one word.
    word_checksum(std::uint64_t number, std::uint64_t shape) noexcept
        : state_{mix(number ^ mix(shape))}
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

}  // namespace cohort::board::detail
