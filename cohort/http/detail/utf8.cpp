#include <cohort/http/detail/utf8.hpp>

#include <cstddef>

namespace cohort::http::detail {

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

}  // namespace

bool is_utf8(std::string_view text) noexcept
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80)
            continue;
        const shape expected = shape_of(lead);
        if (expected.length == 0 || text.size() - i <= expected.length)
            return false;
        unsigned char low = expected.low;
        unsigned char high = expected.high;
        for (std::size_t k = 0; k < expected.length; ++k) {
            const auto next = static_cast<unsigned char>(text[++i]);
            if (next < low || next > high)
                return false;
            low = 0x80;
            high = 0xbf;
        }
    }
    return true;
}

}  // namespace cohort::http::detail
