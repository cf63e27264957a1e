#include <cohort/http/cookies/set_cookie.hpp>

#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

namespace {

using std::chrono::seconds;

constexpr seconds age_max = std::chrono::days{400};  // RFC 6265bis, 5.5
constexpr std::size_t attribute_bytes_max = 1024;    // RFC 6265bis, 5.6

bool is_cookie_octet(char c) noexcept
{
    // RFC 6265, 4.1.1.
    return c > ' ' && c < '\x7f' && c != '"' && c != ',' && c != ';' && c != '\\';
}

/// Browsers compare the prefixes without case, so we do.
bool has_prefix(std::string_view name, std::string_view prefix) noexcept
{
    return name.size() >= prefix.size() &&
           equal_ignoring_case(name.substr(0, prefix.size()), prefix);
}

bool is_path(std::string_view path) noexcept
{
    return path.starts_with('/') && path.size() <= attribute_bytes_max &&
           std::ranges::all_of(path, [](char c) { return c >= ' ' && c < '\x7f' && c != ';'; });
}

bool is_domain(std::string_view domain) noexcept
{
    const auto fits = [](char c) {
        const char small = lower(c);
        return (small >= 'a' && small <= 'z') || is(octet_digit, c) || c == '-' || c == '.';
    };
    return domain.size() <= 253 && !domain.starts_with('.') && !domain.ends_with('.') &&
           std::ranges::all_of(domain, fits);
}

/// What a browser would refuse or misread, or null.
const char* mistake_in(const new_cookie& from) noexcept
{
    if (!is_token(from.name))
        return "its name is no token";
    if (!std::ranges::all_of(from.value, is_cookie_octet))
        return "its value has characters that cookies cannot have: encode it";
    if (!is_path(from.path))
        return "its path must begin with / and have no semicolon";
    if (!is_domain(from.domain))
        return "its domain is no host name";
    if (from.max_age && (*from.max_age < seconds{1} || *from.max_age > age_max))
        return "max_age is 1 second to 400 days";
    const bool secure = !from.also_without_encryption;
    if (from.site == same_site::none && !secure)
        return "SameSite=None is refused by browsers without Secure";
    if (from.partitioned && !secure)
        return "Partitioned is refused by browsers without Secure";
    if (has_prefix(from.name, "__Secure-") && !secure)
        return "__Secure- promises Secure";
    if (has_prefix(from.name, "__Host-") && (!secure || !from.domain.empty() || from.path != "/"))
        return "__Host- promises Secure, no domain and the path /";
    return nullptr;
}

std::string_view text_of(same_site site) noexcept
{
    switch (site) {
        case same_site::strict:
            return "Strict";
        case same_site::lax:
            return "Lax";
        case same_site::none:
            return "None";
    }
    std::unreachable();
}

enum class deed { set, remove };

result<std::string> line_of(const new_cookie& from, deed what)
{
    if (const char* why = mistake_in(from))
        return failed(errc::bad_value, "set cookie", from.name + ": " + why);
    std::string line = from.name + "=" + from.value;
    if (!from.readable_by_scripts)
        line += "; HttpOnly";
    if (!from.also_without_encryption)
        line += "; Secure";
    line += "; SameSite=";
    line += text_of(from.site);
    line += "; Path=" + from.path;
    if (!from.domain.empty())
        line += "; Domain=" + from.domain;
    if (what == deed::remove)
        line += "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    else if (from.max_age)
        line += "; Max-Age=" + std::to_string(from.max_age->count());
    if (from.partitioned)
        line += "; Partitioned";
    if (line.size() > cookie_bytes_max)
        return failed(errc::too_large, "set cookie", from.name + ": more than 4096 bytes");
    return line;
}

/// The value of an attribute in a line, "" if it has none.
std::string_view attribute(std::string_view line, std::string_view name)
{
    const std::string before = "; " + std::string{name} + "=";
    const auto at = line.find(before);
    if (at == std::string_view::npos)
        return {};
    line.remove_prefix(at + before.size());
    return line.substr(0, line.find(';'));
}

/// Whether a browser takes both for one cookie.
bool is_same(std::string_view a, std::string_view b)
{
    return a.substr(0, a.find('=')) == b.substr(0, b.find('=')) &&
           attribute(a, "Path") == attribute(b, "Path") &&
           equal_ignoring_case(attribute(a, "Domain"), attribute(b, "Domain"));
}

void put(response& into, const std::string& line)
{
    std::vector<std::string> others;
    bool replaces = false;
    for (const auto each : into.fields().find_all("Set-Cookie")) {
        if (is_same(each, line))
            replaces = true;
        else
            others.emplace_back(each);
    }
    if (replaces) {
        into.remove_header("Set-Cookie");
        for (const std::string& each : others)
            into.add_header("Set-Cookie", each);
    }
    into.add_header("Set-Cookie", line);
}

}  // namespace

result<std::string> cookie_line(const new_cookie& from) { return line_of(from, deed::set); }

void set_cookie(response& into, const new_cookie& from)
{
    const auto line = line_of(from, deed::set);
    if (!line)
        throw failure{line.error()};
    put(into, *line);
}

void delete_cookie(response& into, new_cookie which)
{
    which.value.clear();
    which.max_age.reset();
    const auto line = line_of(which, deed::remove);
    if (!line)
        throw failure{line.error()};
    put(into, *line);
}

}  // namespace cohort::http
