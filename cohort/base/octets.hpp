#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

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

/// A text of one to seven, some of its octets more than once: for questions that are not about
/// places.
[[nodiscard]] inline std::uint64_t load_few(std::string_view text) noexcept
{
    if (text.size() >= 4) {
        std::uint32_t first;
        std::uint32_t last;
        std::memcpy(&first, text.data(), sizeof first);
        std::memcpy(&last, text.data() + text.size() - sizeof last, sizeof last);
        return first | std::uint64_t{last} << 32;
    }
    const auto at = [text](std::size_t i) -> std::uint64_t {
        return static_cast<unsigned char>(text[i]);
    };
    const std::uint64_t last = at(text.size() - 1);
    return at(0) | at(text.size() / 2) << 8 | last * (ones << 16);
}

/// Does `marks`, which is asked about words, mark any octet of the text?
template <class Marks>
[[nodiscard]] bool any(std::string_view text, Marks marks) noexcept
{
    if (text.size() < sizeof(std::uint64_t))
        return !text.empty() && marks(load_few(text)) != 0;
    const char* const last = text.data() + text.size() - sizeof(std::uint64_t);
    for (const char* at = text.data(); at < last; at += sizeof(std::uint64_t)) {
        if (marks(load(at)) != 0)
            return true;
    }
    // The last eight, of which some may have been looked at already.
    return marks(load(last)) != 0;
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
