#include <cohort/http/forms/detail/parameters.hpp>

#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http::detail {

namespace {

/// The value at the front of `rest`, a token or a quoted string, which is cut off.
std::optional<std::string> take_value(std::string_view& rest)
{
    if (!rest.starts_with('"')) {
        const std::string_view token = trim(rest.substr(0, rest.find(';')));
        if (!is_token(token))
            return std::nullopt;
        rest.remove_prefix(std::min(rest.find(';'), rest.size()));
        return std::string{token};
    }
    std::string value;
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] == '"') {
            rest.remove_prefix(i + 1);
            return value;
        }
        const bool escapes =
            rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\');
        if (escapes)
            ++i;
        value.push_back(rest[i]);
    }
    return std::nullopt;  // it never ends
}

}  // namespace

const std::string* with_parameters::find(std::string_view name) const noexcept
{
    for (const parameter& each : parameters) {
        if (equal_ignoring_case(each.name, name))
            return &each.value;
    }
    return nullptr;
}

std::optional<with_parameters> parse_parameters(std::string_view text)
{
    with_parameters read;
    std::string_view rest = text;
    read.word = trim(rest.substr(0, rest.find(';')));
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
    while (!rest.empty()) {
        rest.remove_prefix(1);  // the semicolon
        rest = trim(rest);
        if (rest.empty() || rest.starts_with(';'))
            continue;  // RFC 9110 lets parameters be empty
        const std::string_view name = rest.substr(0, rest.find('='));
        if (!is_token(name) || name.size() == rest.size() || read.find(name) != nullptr ||
            read.parameters.size() == field_parameters_max)
            return std::nullopt;
        rest.remove_prefix(name.size() + 1);
        auto value = take_value(rest);
        rest = trim(rest);
        if (!value || (!rest.empty() && !rest.starts_with(';')))
            return std::nullopt;
        read.parameters.push_back({name, std::move(*value)});
    }
    return read;
}

}  // namespace cohort::http::detail
