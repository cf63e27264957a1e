#include <cohort/crypto/hex.hpp>

#include <cohort/base/append.hpp>

#include <cstddef>

namespace cohort::crypto {

namespace {

int value_of(char c) noexcept
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string to_hex(std::string_view bytes)
{
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    append_by(text, bytes.size() * 2, [bytes](char* to) {
        for (const char each : bytes) {
            const auto octet = static_cast<unsigned char>(each);
            *to++ = digits[octet >> 4];
            *to++ = digits[octet & 15];
        }
        return to;
    });
    return text;
}

std::optional<std::string> from_hex(std::string_view text)
{
    if (text.size() % 2 != 0)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = value_of(text[i]);
        const int low = value_of(text[i + 1]);
        if (high < 0 || low < 0)
            return std::nullopt;
        bytes.push_back(static_cast<char>(high * 16 + low));
    }
    return bytes;
}

}  // namespace cohort::crypto
