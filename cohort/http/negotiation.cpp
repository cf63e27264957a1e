#include <cohort/http/negotiation.hpp>

#include <cohort/http/grammar.hpp>
#include <cohort/http/preference.hpp>
#include <cohort/http/problem.hpp>

#include <boost/json/array.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace cohort::http {

namespace {

/// How closely an element of a list speaks of what is offered; 0: not at all.
using closeness = unsigned (*)(const preference& asked, std::string_view offered) noexcept;

unsigned type_closeness(const preference& asked, std::string_view offered) noexcept
{
    const std::size_t semicolon = std::min(offered.find(';'), offered.size());
    const auto type = trim(offered.substr(0, semicolon));
    const auto parameters = trim(offered.substr(std::min(semicolon + 1, offered.size())));
    if (!asked.parameters.empty() && !equal_ignoring_case(asked.parameters, parameters))
        return 0;
    if (equal_ignoring_case(asked.name, type))
        return asked.parameters.empty() ? 3 : 4;
    const auto kind = type.substr(0, type.find('/'));
    const bool any_of_kind = asked.name.ends_with("/*") &&
                             equal_ignoring_case(asked.name.substr(0, asked.name.size() - 2), kind);
    if (any_of_kind)
        return 2;
    return asked.name == "*/*" || asked.name == "*" ? 1 : 0;
}

/// "de" begins "de-CH", and not "den".
bool begins(std::string_view range, std::string_view tag) noexcept
{
    return tag.size() > range.size() && tag[range.size()] == '-' &&
           equal_ignoring_case(tag.substr(0, range.size()), range);
}

unsigned language_closeness(const preference& asked, std::string_view offered) noexcept
{
    if (equal_ignoring_case(asked.name, offered))
        return 4;
    if (begins(asked.name, offered))
        return 3;
    if (begins(offered, asked.name))
        return 2;
    return asked.name == "*" ? 1 : 0;
}

/// What the element that speaks most closely of it says (RFC 9110, 12.5.1).
std::uint16_t weight_for(const std::vector<preference>& list, std::string_view offered,
                         closeness how) noexcept
{
    unsigned closest = 0;
    std::uint16_t weight = 0;
    for (const preference& each : list) {
        const unsigned close = how(each, offered);
        if (close > closest) {
            closest = close;
            weight = each.weight;
        }
    }
    return weight;
}

std::optional<std::string_view> best(const request& of, std::string_view field,
                                     std::initializer_list<std::string_view> offered, closeness how)
{
    std::string joined;
    for (const std::string_view line : of.headers(field))
        joined.append(line).append(",");
    const auto list = read_preferences(joined);
    if (list.empty())
        return offered.size() == 0 ? std::nullopt : std::optional{*offered.begin()};
    std::optional<std::string_view> found;
    std::uint16_t weight = 0;
    for (const std::string_view each : offered) {
        const auto wanted = weight_for(list, each, how);
        if (wanted > weight) {
            weight = wanted;
            found = each;
        }
    }
    return found;
}

}  // namespace

std::optional<std::string_view> preferred(const request& of,
                                          std::initializer_list<std::string_view> types)
{
    return best(of, "Accept", types, type_closeness);
}

std::optional<std::string_view> preferred_language(const request& of,
                                                   std::initializer_list<std::string_view> tags)
{
    return best(of, "Accept-Language", tags, language_closeness);
}

response not_acceptable(std::initializer_list<std::string_view> types)
{
    boost::json::array available;
    for (const std::string_view each : types)
        available.emplace_back(each);
    return problem(406, {}, "none of the types that are available is acceptable",
                   {{"available", std::move(available)}});
}

}  // namespace cohort::http
