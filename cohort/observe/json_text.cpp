#include <cohort/observe/json_text.hpp>

#include <cohort/base/append.hpp>
#include <cohort/base/octets.hpp>

#include <algorithm>
#include <cstdint>

namespace cohort::observe {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// Bytes of the well-formed UTF-8 character that `text` begins with; 0 if it begins with none.
/// Refuses overlong forms, surrogates and what lies above U+10FFFF by the range of the second byte.
std::size_t character_bytes(std::string_view text) noexcept
{
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80)
        return 1;

    std::size_t size = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        size = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        size = 3;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        size = 4;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    }
    if (size == 0 || text.size() < size || byte(1) < low || byte(1) > high)
        return 0;
    for (std::size_t i = 2; i < size; ++i) {
        if (byte(i) < 0x80 || byte(i) > 0xBF)
            return 0;
    }
    return size;
}

/// How the character `text` begins with, of so many `bytes`, is written inside a JSON string;
/// empty: as it is.
std::string_view escape(std::string_view text, std::size_t bytes, char (&hex)[7]) noexcept
{
    switch (text.front()) {
        case '"':
            return "\\\"";
        case '\\':
            return "\\\\";
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            break;
    }
    // DEL and U+0080 to U+009F need not be escaped by the RFC; terminals are why they are.
    const bool second_controls = bytes == 2 && text[0] == '\xC2';
    const auto code = static_cast<unsigned char>(text[second_controls ? 1 : 0]);
    const bool as_it_is = second_controls ? code >= 0xA0 : code >= 0x20 && code != 0x7F;
    if (as_it_is)
        return {};
    constexpr std::string_view digits = "0123456789abcdef";
    hex[4] = digits[code >> 4];
    hex[5] = digits[code & 0xF];
    return {hex, 6};
}

/// Octets that are not written as they are, or may not be: what is escaped, and what is no ASCII.
/// Fewer steps than asking for each kind, since what is no ASCII counts.
std::uint64_t special(std::uint64_t word) noexcept
{
    const auto differs = [word](char from) {
        return word ^ (octets::ones * static_cast<unsigned char>(from));
    };
    return ((word - octets::ones * 0x20) | (differs('"') - octets::ones) |
            (differs('\\') - octets::ones) | (differs('\x7f') - octets::ones) | word) &
           octets::tops;
}

/// How many bytes `text` begins with that are written as they are: ASCII, and nothing to escape.
std::size_t plain_bytes(std::string_view text) noexcept
{
    std::size_t at = 0;
    while (at + 8 <= text.size() && special(octets::load(text.data() + at)) == 0)
        at += 8;
    for (; at < text.size(); ++at) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
            break;
    }
    return at;
}

}  // namespace

bool append_json_string(std::string& out, std::string_view text, std::size_t escaped_max)
{
    // Nearly all texts of a log: one look at them, and one at the room for them.
    if (text.size() <= escaped_max && !octets::any(text, special)) {
        append_by(out, text.size() + 2, [text](char* to) {
            *to++ = '"';
            to = put(to, text);
            *to++ = '"';
            return to;
        });
        return true;
    }
    char hex[] = "\\u0000";
    out += '"';
    const std::size_t start = out.size();
    while (!text.empty()) {
        const std::size_t plain = std::min(plain_bytes(text), escaped_max - (out.size() - start));
        out.append(text, 0, plain);
        text.remove_prefix(plain);
        if (text.empty())
            break;
        const std::size_t bytes = character_bytes(text);
        std::string_view piece = text.substr(0, bytes);
        if (bytes == 0)
            piece = replacement;
        else if (const std::string_view escaped = escape(text, bytes, hex); !escaped.empty())
            piece = escaped;
        if (out.size() - start + piece.size() > escaped_max)
            break;
        out += piece;
        text.remove_prefix(bytes == 0 ? 1 : bytes);
    }
    out += '"';
    return text.empty();
}

}  // namespace cohort::observe
