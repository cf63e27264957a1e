#include <cohort/http/grammar.hpp>

#include <cohort/base/octets.hpp>
#include <cohort/base/parse.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace cohort::http {

namespace {

constexpr bool one_of(char c, std::string_view set) noexcept
{
    return set.find(c) != std::string_view::npos;
}

constexpr std::uint8_t classify(unsigned octet) noexcept
{
    const char c = static_cast<char>(octet);
    const bool digit = c >= '0' && c <= '9';
    const bool letter = lower(c) >= 'a' && lower(c) <= 'z';
    const bool visible = octet > 0x20 && octet < 0x7f;
    const bool blank = c == ' ' || c == '\t';
    const bool unreserved = digit || letter || one_of(c, "-._~");
    const bool host = unreserved || one_of(c, "!$&'()*+,;=");
    const bool path = host || one_of(c, ":@/");

    unsigned sum = 0;
    if (digit || letter || one_of(c, "!#$%&'*+-.^_`|~"))
        sum |= octet_token;
    if (visible || blank || octet >= 0x80)
        sum |= octet_field_value;
    if (path)
        sum |= octet_path;
    if (path || one_of(c, "?[]"))
        sum |= octet_query;
    if (host)
        sum |= octet_host;
    if (digit)
        sum |= octet_digit;
    if (digit || (lower(c) >= 'a' && lower(c) <= 'f'))
        sum |= octet_hex;
    if ((visible || blank || octet >= 0x80) && !one_of(c, "\"\\"))
        sum |= octet_quoted;
    return static_cast<std::uint8_t>(sum);
}

constexpr std::array<std::uint8_t, 256> classify_all() noexcept
{
    std::array<std::uint8_t, 256> table{};
    for (unsigned octet = 0; octet < table.size(); ++octet)
        table[octet] = classify(octet);
    return table;
}

bool all(octet_class wanted, std::string_view text) noexcept
{
    return std::ranges::all_of(text, [wanted](char c) { return is(wanted, c); });
}

bool is_registered_name(std::string_view text) noexcept
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is(octet_host, text[i]))
            continue;
        if (text[i] != '%' || i + 2 >= text.size() || !is(octet_hex, text[i + 1]) ||
            !is(octet_hex, text[i + 2]))
            return false;
        i += 2;
    }
    return true;
}

/// What stands between the brackets: an IPv6 address, or "v1.x" for versions yet to come.
bool is_ip_literal(std::string_view text) noexcept
{
    if (!text.empty() && lower(text[0]) == 'v') {
        const std::size_t dot = text.find('.');
        if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size())
            return false;
        const auto is_future = [](char c) { return c == ':' || is(octet_host, c); };
        return all(octet_hex, text.substr(1, dot - 1)) &&
               std::ranges::all_of(text.substr(dot + 1), is_future);
    }
    std::array<char, INET6_ADDRSTRLEN> copy{};
    in6_addr address{};
    if (text.size() >= copy.size() || text.find('\0') != std::string_view::npos)
        return false;
    std::ranges::copy(text, copy.begin());
    return ::inet_pton(AF_INET6, copy.data(), &address) == 1;
}

bool is_port(std::string_view text) noexcept
{
    if (text.empty())
        return true;  // "host:" is legal and means the default port
    if (!all(octet_digit, text))
        return false;
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    return text.empty() || parse_integer<std::uint16_t>(text).has_value();
}

}  // namespace

constinit const std::array<std::uint8_t, 256> octet_classes = classify_all();

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        // Mostly they are the same, case and all.
        if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}

bool is_token(std::string_view text) noexcept { return !text.empty() && all(octet_token, text); }

bool is_plain_name(std::string_view text, std::size_t most) noexcept
{
    const auto plain = [](char c) {
        const char letter = lower(c);
        return (letter >= 'a' && letter <= 'z') || is(octet_digit, c) || one_of(c, "._-");
    };
    return !text.empty() && text.size() <= most && std::ranges::all_of(text, plain);
}

bool is_field_value(std::string_view text) noexcept
{
    // Where there is a control character it may be a tab.
    return !octets::any(text, octets::controls) || all(octet_field_value, text);
}

std::string_view trim(std::string_view text) noexcept
{
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

std::string_view next_element(std::string_view& rest) noexcept
{
    while (!rest.empty()) {
        bool quoted = false;
        std::size_t end = 0;
        for (; end < rest.size() && (quoted || rest[end] != ','); ++end) {
            if (rest[end] == '"')
                quoted = !quoted;
            else if (quoted && rest[end] == '\\')
                ++end;
        }
        end = std::min(end, rest.size());  // a backslash may have been the last octet
        const auto element = trim(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!element.empty())
            return element;
    }
    return {};
}

bool list_has(std::string_view value, std::string_view token) noexcept
{
    for (auto element = next_element(value); !element.empty(); element = next_element(value)) {
        if (equal_ignoring_case(element, token))
            return true;
    }
    return false;
}

int hex_value(char c) noexcept
{
    if (is(octet_digit, c))
        return c - '0';
    return is(octet_hex, c) ? lower(c) - 'a' + 10 : -1;
}

bool is_host_and_port(std::string_view text) noexcept
{
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos || !is_ip_literal(text.substr(1, close - 1)))
            return false;
        const auto rest = text.substr(close + 1);
        return rest.empty() || (rest[0] == ':' && is_port(rest.substr(1)));
    }
    const std::size_t colon = std::min(text.find(':'), text.size());
    const auto port = text.substr(std::min(colon + 1, text.size()));
    // A port of no host is no authority that an http URI could have.
    const bool host_is_there = colon > 0 || text.empty();
    return host_is_there && is_registered_name(text.substr(0, colon)) && is_port(port);
}

}  // namespace cohort::http
