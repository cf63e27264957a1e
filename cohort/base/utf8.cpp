#include <cohort/base/utf8.hpp>

#include <cohort/base/octets.hpp>

#include <algorithm>
#include <cstddef>

namespace cohort {

namespace {

/// Bytes that follow a lead byte, and the bounds of the first of them; length 0: no lead byte.
struct shape {
    std::size_t length;
    unsigned char low;
    unsigned char high;
};

shape shape_of(unsigned char lead) noexcept
{
    if (lead >= 0xc2 && lead <= 0xdf)
        return {1, 0x80, 0xbf};
    if (lead == 0xe0)
        return {2, 0xa0, 0xbf};
    if (lead == 0xed)
        return {2, 0x80, 0x9f};
    if (lead >= 0xe1 && lead <= 0xef)
        return {2, 0x80, 0xbf};
    if (lead == 0xf0)
        return {3, 0x90, 0xbf};
    if (lead >= 0xf1 && lead <= 0xf3)
        return {3, 0x80, 0xbf};
    if (lead == 0xf4)
        return {3, 0x80, 0x8f};
    return {0, 0, 0};
}

/// Its bytes; 0: what `text` (not empty) begins with is no character.
std::size_t first_character(std::string_view text) noexcept
{
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80)
        return 1;
    const shape expected = shape_of(lead);
    if (expected.length == 0 || text.size() <= expected.length)
        return 0;
    unsigned char low = expected.low;
    unsigned char high = expected.high;
    for (std::size_t k = 1; k <= expected.length; ++k) {
        const auto next = static_cast<unsigned char>(text[k]);
        if (next < low || next > high)
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return expected.length + 1;
}

bool is_control(std::string_view one) noexcept
{
    const auto first = static_cast<unsigned char>(one[0]);
    return first < 0x20 || first == 0x7f ||
           (first == 0xc2 && static_cast<unsigned char>(one[1]) < 0xa0);
}

}  // namespace

bool is_utf8(std::string_view text) noexcept
{
    if (!octets::any(text, octets::beyond_ascii))
        return true;
    while (!text.empty()) {
        const std::size_t length = first_character(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string printable(std::string_view text)
{
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = first_character(text);
        const std::string_view one = text.substr(0, std::max<std::size_t>(length, 1));
        if (one == "\t")
            clean += ' ';
        else if (length == 0 || is_control(one))
            clean += '?';
        else
            clean += one;
        text.remove_prefix(one.size());
    }
    return clean;
}

std::string as_utf8(std::string_view text)
{
    return is_utf8(text) ? std::string{text} : printable(text);
}

std::string_view cut_to(std::string_view text, std::size_t most) noexcept
{
    if (text.size() <= most)
        return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80)
        --most;
    return text.substr(0, most);
}

}  // namespace cohort
