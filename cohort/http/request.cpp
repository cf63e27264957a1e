#include <cohort/http/request.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/percent.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/route.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace cohort::http {

std::optional<std::string_view> request::query(std::string_view name) const
{
    for (const field_view& each : query_fields()) {
        if (each.name == name)
            return each.value;
    }
    return std::nullopt;
}

std::vector<std::string_view> request::query_all(std::string_view name) const
{
    std::vector<std::string_view> values;
    for (const field_view& each : query_fields()) {
        if (each.name == name)
            values.push_back(each.value);
    }
    return values;
}

std::string_view request::decoded_or_refused(std::string_view text) const
{
    if (is_unescaped(text)) {
        if (is_utf8(text))
            return text;
    } else if (auto decoded = query_decode(text); decoded && is_utf8(*decoded)) {
        return *decoded_.emplace_back(std::make_unique<std::string>(std::move(*decoded)));
    }
    throw refusal{400}.detail("the query is not well-formed percent-encoded UTF-8");
}

const std::vector<field_view>& request::query_fields() const
{
    if (query_)
        return *query_;
    std::string_view rest = query();
    std::vector<field_view> fields;
    constexpr std::ptrdiff_t usual_max = 8;  // who sends more pays for it, not we in advance
    fields.reserve(
        static_cast<std::size_t>(std::min(std::ranges::count(rest, '&') + 1, usual_max)));
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        if (pair.empty())
            continue;
        const std::string_view name = pair.substr(0, pair.find('='));
        std::string_view value = pair.substr(name.size());
        if (!value.empty())
            value.remove_prefix(1);
        fields.push_back({decoded_or_refused(name), decoded_or_refused(value)});
    }
    return query_.emplace(std::move(fields));
}

field_view request::field(std::size_t index) const noexcept
{
    field_view found = from_.top.field(index);
    // RFC 9112 section 3.2.2: the field must be ignored there, and this is how proxies were fooled.
    if (from_.top.raw().form == target_form::absolute && equal_ignoring_case(found.name, "host"))
        found.value = host();
    return found;
}

std::optional<std::string_view> request::header(std::string_view name) const noexcept
{
    for (std::size_t i = 0; i < from_.top.fields_count(); ++i) {
        if (equal_ignoring_case(from_.top.field(i).name, name))
            return field(i).value;
    }
    return std::nullopt;
}

std::vector<std::string_view> request::headers(std::string_view name) const
{
    std::vector<std::string_view> values;
    for (std::size_t i = 0; i < from_.top.fields_count(); ++i) {
        const field_view each = field(i);
        if (equal_ignoring_case(each.name, name))
            values.push_back(each.value);
    }
    return values;
}

std::vector<field_view> request::headers() const
{
    std::vector<field_view> all;
    all.reserve(from_.top.fields_count());
    for (std::size_t i = 0; i < from_.top.fields_count(); ++i)
        all.push_back(field(i));
    return all;
}

boost::json::value request::json() const
{
    require_json(*this);
    auto document = parse_json(body());
    if (document)
        return std::move(*document);
    const json_mistake& mistake = document.error();
    throw refusal{400, "Malformed JSON"}
        .detail(fmt::format("{} at line {}, column {}", mistake.what, mistake.line, mistake.column))
        .member("offset", mistake.offset)
        .member("line", mistake.line)
        .member("column", mistake.column);
}

body_reader& request::stream() const
{
    if (from_.stream == nullptr)
        throw std::logic_error{"request::stream() needs a route with body_use::streamed"};
    return *from_.stream;
}

const peer& request::peer() const noexcept
{
    static constinit const http::peer nobody;
    return from_.from == nullptr ? nobody : from_.from->get();
}

std::string_view request::pattern() const noexcept
{
    return route_ == nullptr ? std::string_view{} : std::string_view{route_->pattern()};
}

void request::matched(const http::route& by,
                      const std::array<std::string_view, parameters_max>& values,
                      std::size_t count) noexcept
{
    route_ = &by;
    parameters_count_ = count;
    std::copy_n(values.begin(), count, parameters_.begin());
}

std::string_view request::path_text(std::string_view name) const
{
    if (route_ != nullptr) {
        const auto& names = route_->parameters();
        const auto found = std::ranges::find(names, name);
        const auto index = static_cast<std::size_t>(found - names.begin());
        if (index < parameters_count_) {
            const std::string_view raw = parameters_[index];
            if (raw.find('%') == std::string_view::npos)
                return raw;
            // The router has decoded it before, so it can be.
            auto decoded = std::make_unique<std::string>(percent_decode(raw).value_or(""));
            return *decoded_.emplace_back(std::move(decoded));
        }
    }
    throw std::logic_error{
        fmt::format("no path parameter `{}` in the pattern `{}`", name, pattern())};
}

std::string_view request::query_text(std::string_view name) const
{
    if (const auto value = query(name))
        return *value;
    throw refusal{400}
        .detail(fmt::format("query parameter `{}` is missing", name))
        .member("parameter", name)
        .member("in", "query");
}

void request::refuse(place at, std::string_view expected)
{
    throw refusal{400}
        .detail(fmt::format("{} parameter `{}` must be {}", at.part, at.name, expected))
        .member("parameter", at.name)
        .member("in", at.part)
        .member("expected", expected);
}

void request::refuse_range(place at, const std::string& least, const std::string& most)
{
    refuse(at, fmt::format("an integer from {} to {}", least, most));
}

}  // namespace cohort::http
