#pragma once

#include <cstdint>
#include <cstring>

/// Eight octets of a text at a time, in one word: for scans that are on the way of every request.
///
/// Answers have the top bit of each octet set that is of the kind asked for. They are exact for the
/// lowest of these in the word; above it others may be taken for one, so that "is there any?" is
/// always answered truly.
///
/// Source: "Bit Twiddling Hacks", Sean Eron Anderson: "Determine if a word has a byte less than n".
namespace cohort::octets {

inline constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
inline constexpr std::uint64_t tops = ones * 0x80;

[[nodiscard]] inline std::uint64_t load(const char* eight) noexcept
{
    std::uint64_t word;
    std::memcpy(&word, eight, sizeof word);
    return word;
}

/// Those below `limit`, which is 0x80 at most.
[[nodiscard]] constexpr std::uint64_t below(std::uint64_t word, unsigned char limit) noexcept
{
    return (word - ones * limit) & ~word & tops;
}

[[nodiscard]] constexpr std::uint64_t equal(std::uint64_t word, char to) noexcept
{
    const std::uint64_t zero_where_equal = word ^ (ones * static_cast<unsigned char>(to));
    return below(zero_where_equal, 1);
}

/// Those that are no ASCII.
[[nodiscard]] constexpr std::uint64_t beyond_ascii(std::uint64_t word) noexcept
{
    return word & tops;
}

/// ASCII's control characters, DEL among them.
[[nodiscard]] constexpr std::uint64_t controls(std::uint64_t word) noexcept
{
    return below(word, 0x20) | equal(word, '\x7f');
}

}  // namespace cohort::octets
