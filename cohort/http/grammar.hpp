#pragma once
// The small words of RFC 9110 section 5: tokens, lists, white space, field values.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cohort::http {

/// What an octet may be part of; `octet_classes[c]` is a sum of these.
enum octet_class : std::uint8_t {
    octet_token = 1,        ///< tchar: names, methods
    octet_field_value = 2,  ///< HTAB, SP, VCHAR, obs-text
    octet_path = 4,         ///< pchar without "%", and "/"
    octet_query = 8,        ///< octet_path, "?", and the "[" "]" that browsers send raw
    octet_host = 16,        ///< reg-name without "%"
    octet_digit = 32,
    octet_hex = 64,
    octet_quoted = 128,  ///< qdtext: inside a quoted string, unescaped
};

extern const std::array<std::uint8_t, 256> octet_classes;

[[nodiscard]] inline bool is(octet_class wanted, char c) noexcept
{
    return (octet_classes[static_cast<unsigned char>(c)] & wanted) != 0;
}

/// ASCII only; other octets stay as they are.
[[nodiscard]] constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// Field names, schemes, hosts and most tokens compare like this.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// The same, for a `word` of small letters and "-", and a `text` that holds no control characters,
/// such as a name or value out of a head: eight octets at a time when `word` is a literal.
[[nodiscard]] inline bool is_word(std::string_view text, std::string_view word) noexcept
{
    // Setting 0x20 makes capitals small, and makes no "-" or letter of what was none: the octets
    // that could become one are control characters.
    constexpr std::uint64_t small = 0x2020202020202020U;
    if (text.size() != word.size())
        return false;
    std::size_t at = 0;
    for (; at + 8 <= word.size(); at += 8) {
        std::uint64_t a = 0;
        std::uint64_t b = 0;
        std::memcpy(&a, text.data() + at, 8);
        std::memcpy(&b, word.data() + at, 8);
        if ((a | small) != b)
            return false;
    }
    for (; at < word.size(); ++at) {
        if ((text[at] | 0x20) != word[at])
            return false;
    }
    return true;
}

/// True if `text` is one or more token characters.
[[nodiscard]] bool is_token(std::string_view text) noexcept;

/// True if `text` is 1 to `most` letters and digits of ASCII, ".", "_" and "-": what may stand in
/// any header field, file name or log line.
[[nodiscard]] bool is_plain_name(std::string_view text, std::size_t most) noexcept;

/// True if `text` may be sent as a field value: no CR, LF, NUL or other control characters.
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;

/// Without the spaces and tabs around it.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// Cuts the next element off `rest`, a comma-separated list (RFC 9110 section 5.6.1): trimmed,
/// empty elements skipped, commas inside quoted strings kept. Empty when the list is over.
[[nodiscard]] std::string_view next_element(std::string_view& rest) noexcept;

/// True if the list `value` has the element `token`, whatever its case.
[[nodiscard]] bool list_has(std::string_view value, std::string_view token) noexcept;

/// -1 if `c` is no hexadecimal digit.
[[nodiscard]] int hex_value(char c) noexcept;

/// True if `text` is a host with an optional port, as Host and http URIs have it: a registered
/// name or IPv4 address, or an IPv6 address in brackets; no user information. May be empty.
/// Source: RFC 3986 section 3.2, RFC 9110 section 7.2.
[[nodiscard]] bool is_host_and_port(std::string_view text) noexcept;

}  // namespace cohort::http
