#include <cohort/schema/writer.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/schema/detail/text_scan.hpp>

#include <charconv>
#include <cmath>
#include <cstddef>

namespace cohort::schema {

namespace {

template <class T>
void append_chars(std::string& out, T value)
{
    constexpr std::size_t longest = 32;
    append_by(out, longest,
              [value](char* to) { return std::to_chars(to, to + longest, value).ptr; });
}

template <class T>
void append_finite(std::string& out, T value)
{
    if (std::isfinite(value))
        append_chars(out, value);
    else
        out += "null";
}

/// Digits of a number below 10^12 with three places behind its point, without zeros at its end.
char* put_thousandths(char* to, std::uint64_t thousandths)
{
    constexpr std::ptrdiff_t digits_most = 12;
    to = std::to_chars(to, to + digits_most, thousandths / 1000).ptr;
    auto rest = static_cast<unsigned>(thousandths % 1000);
    if (rest != 0)
        *to++ = '.';
    for (unsigned place = 100; place != 0 && rest != 0; place /= 10) {
        *to++ = static_cast<char>('0' + rest / place);
        rest %= place;
    }
    return to;
}

/// Prices and the like, three digits behind the point and fifteen in all at most: so few that no
/// other such number is as near, and that they are the shortest there are. False if it is none of
/// these.
bool append_short(std::string& out, double value)
{
    constexpr double most = 1e12;
    const double size = std::fabs(value);
    if (!(size < most) || (value == 0 && std::signbit(value)))
        return false;
    // Rounded by hand, since std::round() is a call; if it is not the nearest the next line says
    // so.
    const auto thousandths = static_cast<std::int64_t>(size * 1000 + 0.5);
    if (static_cast<double>(thousandths) / 1000 != size)
        return false;
    append_by(out, 1 + 12 + 1 + 3, [&](char* to) {
        *to = '-';
        return put_thousandths(to + (value < 0 ? 1 : 0), static_cast<std::uint64_t>(thousandths));
    });
    return true;
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
    if (detail::is_plain_ascii(text)) {
        append_by(out, text.size() + 2, [text](char* to) {
            *to++ = '"';
            to = put(to, text);
            *to++ = '"';
            return to;
        });
        return;
    }
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
