#include <cohort/schema/writer.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/schema/detail/text_scan.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace cohort::schema {

namespace {

template <class T>
void append_chars(std::string& out, T value)
{
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

template <class T>
void append_finite(std::string& out, T value)
{
    if (std::isfinite(value))
        append_chars(out, value);
    else
        out += "null";
}

/// Prices and the like, three digits behind the point and fifteen in all at most: so few that no
/// other such number is as near. False if it is none of these.
bool append_short(std::string& out, double value)
{
    constexpr double most = 1e12;
    if (!(value > -most && value < most) || (value == 0 && std::signbit(value)))
        return false;
    constexpr std::array<double, 4> powers{1, 10, 100, 1000};
    for (std::size_t places = 0; places < powers.size(); ++places) {
        const auto digits = static_cast<std::int64_t>(std::round(value * powers[places]));
        if (static_cast<double>(digits) / powers[places] != value)
            continue;
        const auto scale = static_cast<std::int64_t>(powers[places]);
        if (digits < 0)
            out.push_back('-');
        const std::int64_t size = digits < 0 ? -digits : digits;
        append_chars(out, size / scale);
        if (places == 0)
            return true;
        // One more in front keeps the zeros after the point.
        const std::size_t point = out.size();
        append_chars(out, scale + size % scale);
        out[point] = '.';
        return true;
    }
    return false;
}

void append_escape(std::string& out, char c)
{
    constexpr std::string_view named = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    constexpr std::string_view hex = "0123456789abcdef";
    out.push_back('\\');
    if (const std::size_t which = named.find(c); which != std::string_view::npos) {
        out.push_back(letters[which]);
        return;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += "u00";
    out.push_back(hex[byte >> 4]);
    out.push_back(hex[byte & 15]);
}

/// Longest well-formed beginnings, with U+FFFD for each byte between them.
std::string repaired(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        std::size_t length = 1;
        while (length <= 4 && length <= text.size() && !is_utf8(text.substr(0, length)))
            ++length;
        if (length > 4 || length > text.size()) {
            out += "\xef\xbf\xbd";
            length = 1;
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    return out;
}

}  // namespace

void append_text(std::string& out, std::string_view text)
{
    const std::size_t before = out.size();
    out.push_back('"');
    bool ascii = true;
    const char* at = text.data();
    const char* const end = at + text.size();
    for (;;) {
        const char* const stop = detail::plain_text_end(at, end, ascii);
        out.append(at, stop);
        if (stop == end)
            break;
        append_escape(out, *stop);
        at = stop + 1;
    }
    out.push_back('"');
    if (!ascii && !is_utf8(text)) {
        out.resize(before);
        append_text(out, repaired(text));
    }
}

void append_integer(std::string& out, std::int64_t value) { append_chars(out, value); }
void append_integer(std::string& out, std::uint64_t value) { append_chars(out, value); }
void append_number(std::string& out, double value)
{
    if (!append_short(out, value))
        append_finite(out, value);
}
void append_number(std::string& out, float value) { append_finite(out, value); }

}  // namespace cohort::schema
