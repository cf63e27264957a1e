#include <cohort/http/preference.hpp>

#include <cohort/http/grammar.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

/// "0.123", "1", "1.000": at most three digits behind the point.
std::optional<std::uint16_t> read_weight(std::string_view text) noexcept
{
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1'))
        return std::nullopt;
    unsigned weight = text[0] == '1' ? 1000 : 0;
    if (text.size() > 1 && text[1] != '.')
        return std::nullopt;
    unsigned worth = 100;
    for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (!is(octet_digit, digit))
            return std::nullopt;
        weight += static_cast<unsigned>(digit - '0') * worth;
        worth /= 10;
    }
    if (weight > 1000)
        return std::nullopt;
    return static_cast<std::uint16_t>(weight);
}

/// Letters, digits and the signs of tokens, with one "/" at most.
bool is_name(std::string_view text) noexcept
{
    const std::size_t slash = text.find('/');
    return is_token(text.substr(0, slash)) &&
           (slash == text.npos || is_token(text.substr(slash + 1)));
}

/// Where the next ";" is that stands outside of quotation marks.
std::size_t next_semicolon(std::string_view text, std::size_t from) noexcept
{
    bool quoted = false;
    for (std::size_t at = from; at < text.size(); ++at) {
        if (quoted && text[at] == '\\')
            ++at;
        else if (text[at] == '"')
            quoted = !quoted;
        else if (text[at] == ';' && !quoted)
            return at;
    }
    return text.npos;
}

std::optional<preference> read_element(std::string_view element) noexcept
{
    const std::size_t end = std::min(element.find(';'), element.size());
    preference one{.name = trim(element.substr(0, end)), .parameters = {}};
    if (!is_name(one.name))
        return std::nullopt;

    // The weight is the last parameter that counts; what follows it nobody uses (RFC 9110, 12.5.1).
    const auto rest = element.substr(std::min(end + 1, element.size()));
    for (std::size_t at = 0; at < rest.size();) {
        const std::size_t stop = std::min(next_semicolon(rest, at), rest.size());
        const auto parameter = trim(rest.substr(at, stop - at));
        if (parameter.size() >= 2 && lower(parameter[0]) == 'q' && parameter[1] == '=') {
            const auto weight = read_weight(parameter.substr(2));
            if (!weight)
                return std::nullopt;
            one.weight = *weight;
            return one;
        }
        one.parameters = trim(rest.substr(0, stop));
        at = stop + 1;
    }
    return one;
}

}  // namespace

std::vector<preference> read_preferences(std::string_view list)
{
    std::vector<preference> all;
    std::size_t seen = 0;
    for (auto each = next_element(list); !each.empty() && seen < preferences_max;
         each = next_element(list), ++seen)
    {
        if (const auto one = read_element(each))
            all.push_back(*one);
    }
    return all;
}

std::optional<std::uint16_t> weight_of(const std::vector<preference>& list,
                                       std::string_view name) noexcept
{
    std::optional<std::uint16_t> by_star;
    for (const preference& each : list) {
        if (equal_ignoring_case(each.name, name))
            return each.weight;
        if (each.name == "*" && !by_star)
            by_star = each.weight;
    }
    return by_star;
}

}  // namespace cohort::http
