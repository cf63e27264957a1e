#pragma once

#include <cohort/base/octets.hpp>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::schema::detail {

/// The bytes of `word`, as base/octets marks them, that are a quote, a backslash, a control
/// character or no ASCII. Fewer steps than asking for each kind, since what is no ASCII counts.
[[nodiscard]] inline std::uint64_t odd_bytes(std::uint64_t word) noexcept
{
    const std::uint64_t quotes = word ^ (octets::ones * '"');
    const std::uint64_t slashes = word ^ (octets::ones * '\\');
    return ((word - octets::ones * 0x20) | (quotes - octets::ones) | (slashes - octets::ones) |
            word) &
           octets::tops;
}

/// The same without those that are no ASCII.
[[nodiscard]] inline std::uint64_t special_bytes(std::uint64_t word) noexcept
{
    return octets::below(word, 0x20) | octets::equal(word, '"') | octets::equal(word, '\\');
}

/// Is all of it ASCII that a JSON string holds as it is?
[[nodiscard]] inline bool is_plain_ascii(std::string_view text) noexcept
{
    return !octets::any(text, odd_bytes);
}

/// The first byte from `at` on that is no ASCII, or that a JSON string cannot hold as it is; or
/// `end`.
[[nodiscard]] inline const char* plain_ascii_end(const char* at, const char* end) noexcept
{
    if constexpr (std::endian::native == std::endian::little) {
        for (; end - at >= 8; at += 8) {
            if (const std::uint64_t odd = odd_bytes(octets::load(at)); odd != 0)
                return at + std::countr_zero(odd) / 8;
        }
    }
    while (at != end && is_plain_ascii({at, 1}))
        ++at;
    return at;
}

/// The first byte from `at` on that a JSON string cannot hold as it is, or `end`. `ascii` becomes
/// false if one before it may be no ASCII.
[[nodiscard]] inline const char* plain_text_end(const char* at, const char* end,
                                                bool& ascii) noexcept
{
    std::uint64_t seen = 0;
    if constexpr (std::endian::native == std::endian::little) {
        while (end - at >= 8) {
            const std::uint64_t word = octets::load(at);
            const std::uint64_t special = special_bytes(word);
            if (special != 0) {
                const int bits = std::countr_zero(special) & ~7;
                seen |= bits == 0 ? 0 : word << (64 - bits);
                ascii = ascii && (seen & octets::tops) == 0;
                return at + bits / 8;
            }
            seen |= word;
            at += 8;
        }
    }
    for (; at != end; ++at) {
        const auto byte = static_cast<unsigned char>(*at);
        if (byte == '"' || byte == '\\' || byte < 0x20)
            break;
        seen |= byte;
    }
    ascii = ascii && (seen & octets::tops) == 0;
    return at;
}

inline void append_utf8(std::string& out, std::uint32_t code)
{
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | (code >> 6));
        put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        put(0xe0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3f));
        put(0x80 | (code & 0x3f));
    } else {
        put(0xf0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3f));
        put(0x80 | ((code >> 6) & 0x3f));
        put(0x80 | (code & 0x3f));
    }
}

}  // namespace cohort::schema::detail
