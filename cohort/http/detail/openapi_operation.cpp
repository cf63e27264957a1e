#include <cohort/http/detail/openapi_operation.hpp>

#include <cohort/http/auth/permission.hpp>
#include <cohort/http/detail/openapi_bodies.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/method.hpp>
#include <cohort/http/openapi/notes.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace cohort::http::detail {

namespace {

namespace bj = boost::json;
using inputs = std::vector<const expects*>;

std::string_view where_of(place where) noexcept
{
    if (where == place::path)
        return "path";
    return where == place::query ? "query" : "header";
}

/// Words about the value are words about the parameter.
void move_description(bj::object& from, bj::object& to)
{
    if (const bj::value* const words = from.if_contains("description")) {
        to["description"] = *words;
        from.erase("description");
    }
}

/// The parameters of a query or of header fields, in the order of their description.
void add_parameters(bj::array& to, const expects& from, schema::describer& by)
{
    bj::object shape = from.shape(by);
    const bj::value* const required = shape.if_contains("required");
    for (auto& [name, property] : shape.at("properties").as_object()) {
        bj::object& one = to.emplace_back(bj::object{}).as_object();
        one["name"] = name;
        one["in"] = where_of(from.where);
        move_description(property.as_object(), one);
        if (required != nullptr &&
            std::ranges::find(required->as_array(), bj::value(name)) != required->as_array().end())
            one["required"] = true;
        if (from.where == place::header)
            one["style"] = "simple";  // commas between the values of a list
        one["schema"] = std::move(property);
    }
}

/// What is described of the path's parameters, by the pattern's names.
bj::object path_shapes(const inputs& all, schema::describer& by)
{
    bj::object out;
    for (const expects* input : all) {
        if (input->where != place::path)
            continue;
        bj::object shape = input->shape(by);
        for (auto& [name, property] : shape.at("properties").as_object())
            out[name] = std::move(property);
    }
    return out;
}

bj::array parameters(const operation_setting& where, const inputs& given, schema::describer& by)
{
    bj::array all;
    bj::object shapes = path_shapes(given, by);
    for (const openapi_path_parameter& each : where.path) {
        bj::object& one = all.emplace_back(bj::object{}).as_object();
        one["name"] = each.name;
        one["in"] = "path";
        if (!each.about.empty())
            one["description"] = each.about;
        one["required"] = true;
        bj::value* const shape = each.ours.empty() ? nullptr : shapes.if_contains(each.ours);
        // What the pattern has and nobody described is text.
        bj::object property =
            shape != nullptr ? std::move(shape->as_object()) : bj::object{{"type", "string"}};
        move_description(property, one);
        one["schema"] = std::move(property);
        if (each.tail)
            one["x-tail"] = true;  // for the page, which keeps the slashes
    }
    for (const expects* input : given) {
        if (input->where == place::query || input->where == place::header)
            add_parameters(all, *input, by);
    }
    return all;
}

bool is_below(const route& of, std::string_view middleware)
{
    const std::vector<std::string> all = of.middleware_names();
    return std::ranges::find(all, middleware) != all.end();
}

/// Any of them will do. Below authenticated() that is every scheme, if nothing is said.
bj::array security_of(const route& of, const std::vector<std::string>& schemes)
{
    bj::array out;
    const auto add = [&out](const std::string& scheme, const std::vector<std::string>& scopes) {
        bj::object one;
        one[scheme] = bj::array(scopes.begin(), scopes.end());
        out.emplace_back(std::move(one));
    };
    for (const security* each : of.options().notes.all<security>())
        add(each->scheme, each->scopes);
    if (!out.empty() || !is_below(of, "authenticated") || of.note<open_to_all>() != nullptr)
        return out;
    for (const std::string& scheme : schemes)
        add(scheme, {});
    return out;
}

void add_words(bj::object& to, const route_notes& notes)
{
    bj::array tags;
    for (const tag* each : notes.all<tag>())
        tags.emplace_back(each->name);
    if (!tags.empty())
        to["tags"] = std::move(tags);
    if (const summary* words = notes.find<summary>())
        to["summary"] = words->words;
    if (const description* words = notes.find<description>())
        to["description"] = words->words;
}

}  // namespace

std::string operation_name(const route& of)
{
    if (const operation_id* own = of.note<operation_id>())
        return own->name;
    std::string out;
    for (const char c : std::string{text(*of.verb())} + of.pattern()) {
        const bool word = is(octet_digit, c) || (lower(c) >= 'a' && lower(c) <= 'z');
        if (word)
            out.push_back(lower(c));
        else if (!out.ends_with('_'))
            out.push_back('_');
    }
    while (out.ends_with('_'))
        out.pop_back();
    return out;
}

bj::object openapi_operation(const route& of, const operation_setting& where, schema::describer& by)
{
    const route_notes& notes = of.options().notes;
    bj::object out;
    add_words(out, notes);
    out["operationId"] = where.name;
    if (bj::array all = parameters(where, notes.all<expects>(), by); !all.empty())
        out["parameters"] = std::move(all);
    if (bj::object body = request_body(notes, by); !body.empty())
        out["requestBody"] = std::move(body);
    out["responses"] = responses_of(of, by);
    if (notes.find<deprecated>() != nullptr)
        out["deprecated"] = true;
    if (bj::array all = security_of(of, where.schemes); !all.empty())
        out["security"] = std::move(all);
    if (const permission* needed = notes.find<permission>())
        out["x-permission"] = needed->name;
    return out;
}

}  // namespace cohort::http::detail
