#include <cohort/http/validation/input.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace cohort::http::detail {

namespace {

/// The parts between commas, without the spaces around them; empty ones are none (RFC 9110, 5.6.1).
void split_list(std::string_view line, std::vector<std::string_view>& into)
{
    while (!line.empty()) {
        const std::string_view part = line.substr(0, line.find(','));
        line.remove_prefix(std::min(line.size(), part.size() + 1));
        if (const std::string_view word = trim(part); !word.empty())
            into.push_back(word);
    }
}

}  // namespace

schema::detail::words_source path_words(const request& of)
{
    return [&of](const std::string& name, std::vector<std::string_view>& into) {
        into.push_back(of.path<std::string_view>(name));
    };
}

schema::detail::words_source query_words(const request& of)
{
    return [&of](const std::string& name, std::vector<std::string_view>& into) {
        for (const field_view& each : of.query_fields()) {
            if (each.name == name)
                into.push_back(each.value);
        }
    };
}

schema::detail::words_source header_words(const request& of, const schema::detail::shape& shape)
{
    return [&of, &shape](const std::string& name, std::vector<std::string_view>& into) {
        const std::vector<std::string_view> lines = of.headers(name);
        const bool splits = !lines.empty() && shape.members[shape.find(name)]->repeats();
        for (const std::string_view line : lines) {
            if (splits)
                split_list(line, into);
            else
                into.push_back(line);
        }
    };
}

schema::mistakes strangers_in_query(const request& of, const schema::detail::shape& shape)
{
    schema::mistakes found;
    if (shape.others == schema::detail::strangers::passed_over)
        return found;
    for (const field_view& each : of.query_fields()) {
        if (shape.find(each.name) < shape.members.size())
            continue;
        if (found.all.size() == schema::mistakes_max) {
            found.more = true;
            break;
        }
        found.all.push_back(
            {.pointer = fmt::format(
                 "/{}", schema::pointer_segment(schema::shortened(printable(each.name)))),
             .keyword = "additionalProperties",
             .limit = "false",
             .message = "is not expected here"});
    }
    return found;
}

void require_words(const schema::detail::shape& shape)
{
    if (!shape.takes_words())
        throw std::logic_error{fmt::format(
            "schema `{}`: objects, maps and unions cannot stand in a path, a query or a header",
            shape.name)};
}

route_check path_rule(const schema::detail::shape& shape)
{
    std::vector<std::string> names;
    names.reserve(shape.members.size());
    for (const auto& each : shape.members)
        names.push_back(each->name());
    return [names = std::move(names)](const route& on) -> std::optional<std::string> {
        for (const std::string& name : names) {
            if (std::ranges::find(on.parameters(), name) == on.parameters().end())
                return fmt::format("its handler expects a path parameter `{}`", name);
        }
        return std::nullopt;
    };
}

route_check body_rule()
{
    return [](const route& on) -> std::optional<std::string> {
        if (on.options().body != body_use::buffered)
            return "its handler expects the whole body: body_use::buffered";
        return std::nullopt;
    };
}

}  // namespace cohort::http::detail
