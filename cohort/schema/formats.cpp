#include <cohort/schema/formats.hpp>

#include <cstddef>
#include <optional>

namespace cohort::schema {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept
{
    const char folded = static_cast<char>(c | 0x20);
    return folded >= 'a' && folded <= 'z';
}
bool is_hex(char c) noexcept
{
    const char folded = static_cast<char>(c | 0x20);
    return is_digit(c) || (folded >= 'a' && folded <= 'f');
}
bool is_one_of(char c, std::string_view set) noexcept
{
    return set.find(c) != std::string_view::npos;
}

/// Takes pieces off the front of a text.
struct cursor {
    std::string_view rest;

    bool take(char c) noexcept
    {
        const bool there = !rest.empty() && rest.front() == c;
        if (there)
            rest.remove_prefix(1);
        return there;
    }
    bool take_any(std::string_view set) noexcept
    {
        const bool there = !rest.empty() && is_one_of(rest.front(), set);
        if (there)
            rest.remove_prefix(1);
        return there;
    }
    std::optional<int> number(std::size_t digits) noexcept
    {
        if (rest.size() < digits)
            return std::nullopt;
        int sum = 0;
        for (const char c : rest.substr(0, digits)) {
            if (!is_digit(c))
                return std::nullopt;
            sum = sum * 10 + (c - '0');
        }
        rest.remove_prefix(digits);
        return sum;
    }
};

bool take_date(cursor& in) noexcept
{
    const auto year = in.number(4);
    if (!year || !in.take('-'))
        return false;
    const auto month = in.number(2);
    if (!month || *month < 1 || *month > 12 || !in.take('-'))
        return false;
    const auto day = in.number(2);
    constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = *year % 4 == 0 && (*year % 100 != 0 || *year % 400 == 0);
    const int last = days[*month - 1] + (leap && *month == 2 ? 1 : 0);
    return day && *day >= 1 && *day <= last;
}

bool take_time(cursor& in) noexcept
{
    const auto hour = in.number(2);
    if (!hour || *hour > 23 || !in.take(':'))
        return false;
    const auto minute = in.number(2);
    if (!minute || *minute > 59 || !in.take(':'))
        return false;
    const auto second = in.number(2);
    if (!second || *second > 60)
        return false;
    if (in.take('.')) {
        if (!in.number(1))
            return false;
        while (in.number(1)) {
        }
    }
    int offset = 0;
    if (!in.take_any("zZ")) {
        const bool east = in.take('+');
        if (!east && !in.take('-'))
            return false;
        const auto hours = in.number(2);
        if (!hours || *hours > 23 || !in.take(':'))
            return false;
        const auto minutes = in.number(2);
        if (!minutes || *minutes > 59)
            return false;
        offset = (*hours * 60 + *minutes) * (east ? 1 : -1);
    }
    constexpr int day_minutes = 24 * 60;
    const int utc = (*hour * 60 + *minute - offset + 2 * day_minutes) % day_minutes;
    return *second < 60 || utc == day_minutes - 1;
}

bool is_date(std::string_view text) noexcept
{
    cursor in{text};
    return take_date(in) && in.rest.empty();
}

bool is_date_time(std::string_view text) noexcept
{
    cursor in{text};
    return take_date(in) && in.take_any("tT") && take_time(in) && in.rest.empty();
}

/// Letters, digits and inner hyphens, with points between; 63 bytes a label, 253 in all.
bool is_host_name(std::string_view text) noexcept
{
    if (text.empty() || text.size() > 253)
        return false;
    std::size_t label = 0;
    char before = '.';
    for (const char c : text) {
        if (c == '.') {
            if (label == 0 || before == '-')
                return false;
            label = 0;
        } else {
            const bool hyphen = c == '-' && label > 0;
            if ((!is_letter(c) && !is_digit(c) && !hyphen) || ++label > 63)
                return false;
        }
        before = c;
    }
    return label > 0 && before != '-';
}

bool is_email(std::string_view text) noexcept
{
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at > 64)
        return false;
    char before = '.';
    for (const char c : text.substr(0, at)) {
        const bool atom = is_letter(c) || is_digit(c) || is_one_of(c, "!#$%&'*+-/=?^_`{|}~");
        if (!atom && (c != '.' || before == '.'))
            return false;
        before = c;
    }
    return before != '.' && is_host_name(text.substr(at + 1));
}

bool is_uuid(std::string_view text) noexcept
{
    if (text.size() != 36)
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : !is_hex(text[i]))
            return false;
    }
    return true;
}

bool is_ipv4(std::string_view text) noexcept
{
    int parts = 0;
    cursor in{text};
    for (;;) {
        if (in.take('0')) {
            if (in.number(1))
                return false;
        } else {
            int value = 0;
            int digits = 0;
            while (const auto digit = in.number(1)) {
                value = value * 10 + *digit;
                if (++digits > 3)
                    return false;
            }
            if (digits == 0 || value > 255)
                return false;
        }
        if (++parts == 4)
            return in.rest.empty();
        if (!in.take('.'))
            return false;
    }
}

bool is_ipv6(std::string_view text) noexcept
{
    int groups = 0;
    bool gap = false;
    if (text.starts_with("::")) {
        gap = true;
        text.remove_prefix(2);
        if (text.empty())
            return true;
    }
    for (;;) {
        const std::size_t end = text.find(':');
        const std::string_view group = text.substr(0, end);
        if (end == std::string_view::npos && group.find('.') != std::string_view::npos) {
            groups += 2;
            return is_ipv4(group) && (gap ? groups <= 7 : groups == 8);
        }
        if (group.empty() || group.size() > 4)
            return false;
        for (const char c : group) {
            if (!is_hex(c))
                return false;
        }
        ++groups;
        if (end == std::string_view::npos)
            return gap ? groups <= 7 : groups == 8;
        text.remove_prefix(end + 1);
        if (text.starts_with(':')) {
            if (gap)
                return false;
            gap = true;
            text.remove_prefix(1);
            if (text.empty())
                return groups <= 7;
        }
        if (groups >= 8)
            return false;
    }
}

bool is_uri_part(std::string_view text, std::string_view more) noexcept
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))
                return false;
            i += 2;
        } else if (!is_letter(c) && !is_digit(c) && !is_one_of(c, "-._~!$&'()*+,;=:@") &&
                   !is_one_of(c, more))
        {
            return false;
        }
    }
    return true;
}

bool is_authority(std::string_view text) noexcept
{
    if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
        if (!is_uri_part(text.substr(0, at), {}))
            return false;
        text.remove_prefix(at + 1);
    }
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1)))
            return false;
        port = text.substr(end + 1);
        if (!port.empty() && port.front() != ':')
            return false;
    } else {
        const std::size_t colon = text.find(':');
        const std::string_view host = text.substr(0, colon);
        if (host.find('@') != std::string_view::npos || !is_uri_part(host, {}))
            return false;
        port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    }
    for (const char c : port.substr(port.empty() ? 0 : 1)) {
        if (!is_digit(c))
            return false;
    }
    return true;
}

bool is_uri(std::string_view text) noexcept
{
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || !is_letter(text[0]))
        return false;
    for (const char c : text.substr(0, colon)) {
        if (!is_letter(c) && !is_digit(c) && !is_one_of(c, "+-."))
            return false;
    }
    std::string_view rest = text.substr(colon + 1);
    if (const std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
        if (!is_uri_part(rest.substr(hash + 1), "/?"))
            return false;
        rest = rest.substr(0, hash);
    }
    if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
        if (!is_uri_part(rest.substr(mark + 1), "/?"))
            return false;
        rest = rest.substr(0, mark);
    }
    if (rest.starts_with("//")) {
        rest.remove_prefix(2);
        const std::size_t slash = rest.find('/');
        if (!is_authority(rest.substr(0, slash)))
            return false;
        rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
    }
    return is_uri_part(rest, "/");
}

}  // namespace

std::string_view name_of(format which) noexcept
{
    constexpr std::string_view names[] = {"",     "date-time", "date", "email",
                                          "uuid", "uri",       "ipv4", "ipv6"};
    return names[static_cast<std::size_t>(which)];
}

std::string_view described(format which) noexcept
{
    constexpr std::string_view words[] = {"any text",
                                          "a date and time with offset (RFC 3339)",
                                          "a date (2026-11-29)",
                                          "an email address",
                                          "a UUID",
                                          "an absolute URI",
                                          "an IPv4 address",
                                          "an IPv6 address"};
    return words[static_cast<std::size_t>(which)];
}

bool has_format(std::string_view text, format which) noexcept
{
    switch (which) {
        case format::any:
            return true;
        case format::date_time:
            return is_date_time(text);
        case format::date:
            return is_date(text);
        case format::email:
            return is_email(text);
        case format::uuid:
            return is_uuid(text);
        case format::uri:
            return is_uri(text);
        case format::ipv4:
            return is_ipv4(text);
        case format::ipv6:
            return is_ipv6(text);
    }
    return false;
}

}  // namespace cohort::schema
