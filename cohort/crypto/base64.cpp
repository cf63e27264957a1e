#include <cohort/crypto/base64.hpp>

#include <cohort/base/append.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace cohort::crypto {

namespace {

constexpr std::string_view url_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view usual_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using table = std::array<std::int8_t, 256>;

constexpr table values_of(std::string_view letters)
{
    table values{};
    values.fill(-1);
    for (std::size_t i = 0; i < letters.size(); ++i)
        values[static_cast<unsigned char>(letters[i])] = static_cast<std::int8_t>(i);
    return values;
}

constexpr table url_values = values_of(url_letters);
constexpr table usual_values = values_of(usual_letters);

std::string encode(std::string_view bytes, std::string_view letters)
{
    std::string text;
    append_by(text, (bytes.size() + 2) / 3 * 4, [bytes, letters](char* to) {
        std::uint32_t held = 0;
        unsigned bits = 0;
        for (const char c : bytes) {
            held = (held << 8) | static_cast<unsigned char>(c);
            bits += 8;
            while (bits >= 6) {
                bits -= 6;
                *to++ = letters[(held >> bits) & 63];
            }
        }
        if (bits > 0)
            *to++ = letters[(held << (6 - bits)) & 63];
        return to;
    });
    return text;
}

std::optional<std::string> decode(std::string_view text, const table& values)
{
    if (text.size() % 4 == 1)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::int8_t value = values[static_cast<unsigned char>(c)];
        if (value < 0)
            return std::nullopt;
        held = (held << 6) | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<char>((held >> bits) & 255));
        }
    }
    // Bits after the last byte: an encoder writes zeros, and only that text is accepted.
    if ((held & ((1U << bits) - 1)) != 0)
        return std::nullopt;
    return bytes;
}

}  // namespace

std::string to_base64url(std::string_view bytes) { return encode(bytes, url_letters); }

std::optional<std::string> from_base64url(std::string_view text)
{
    return decode(text, url_values);
}

std::string to_base64(std::string_view bytes)
{
    std::string text = encode(bytes, usual_letters);
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::optional<std::string> from_base64(std::string_view text)
{
    if (text.size() % 4 != 0)
        return std::nullopt;
    for (int i = 0; i < 2 && text.ends_with('='); ++i)
        text.remove_suffix(1);
    return decode(text, usual_values);
}

}  // namespace cohort::crypto
