#include <cohort/http/detail/openapi_operation.hpp>

#include <cohort/http/grammar.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/status.hpp>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http::detail {

namespace {

namespace bj = boost::json;

bj::object content(std::string_view type, bj::object shape)
{
    bj::object media;
    media["schema"] = std::move(shape);
    bj::object out;
    out[type] = std::move(media);
    return out;
}

std::string_view where_of(place where) noexcept
{
    if (where == place::path)
        return "path";
    return where == place::query ? "query" : "header";
}

/// The parameters that one description has, in its order.
void add_parameters(bj::array& to, const expects& from, schema::describer& by)
{
    bj::object shape = from.shape(by);
    const bj::value* const required = shape.if_contains("required");
    for (auto& [name, property] : shape.at("properties").as_object()) {
        bj::object& one = to.emplace_back(bj::object{}).as_object();
        one["name"] = name;
        one["in"] = where_of(from.where);
        const bool needed =
            required != nullptr &&
            std::ranges::find(required->as_array(), bj::value(name)) != required->as_array().end();
        if (needed || from.where == place::path)
            one["required"] = true;
        if (from.where == place::header)
            one["style"] = "simple";  // commas between the values of a list
        one["schema"] = std::move(property);
    }
}

bj::array parameters(const route& of, const std::vector<const expects*>& inputs,
                     schema::describer& by)
{
    bj::array all;
    for (const expects* input : inputs) {
        if (input->where == place::path)
            add_parameters(all, *input, by);
    }
    // What the pattern has and nobody described is text.
    for (const std::string& name : of.parameters()) {
        const bool known = std::ranges::any_of(
            all, [&](const bj::value& each) { return each.at("name").as_string() == name; });
        if (known)
            continue;
        bj::object& one = all.emplace_back(bj::object{}).as_object();
        one["name"] = name;
        one["in"] = "path";
        one["required"] = true;
        one["schema"] = bj::object{{"type", "string"}};
    }
    for (const expects* input : inputs) {
        if (input->where == place::query || input->where == place::header)
            add_parameters(all, *input, by);
    }
    return all;
}

bj::object reference(std::string_view name)
{
    bj::object out;
    out["$ref"] = "#/components/responses/" + std::string{name};
    return out;
}

bj::object responses(const route& of, const std::vector<const expects*>& inputs,
                     schema::describer& by)
{
    bj::object all;
    bool succeeds = false;
    for (const answers* each : of.options().notes.all<answers>()) {
        bj::object one;
        const std::string_view phrase = reason(static_cast<status_code>(each->status()));
        one["description"] = each->about().empty() ? std::string{phrase} : each->about();
        if (each->shape())
            one["content"] = content("application/json", each->shape()(by));
        all[std::to_string(each->status())] = std::move(one);
        succeeds = succeeds || each->status() < 400;
    }
    if (!succeeds)
        all["200"] = bj::object{{"description", "OK"}};
    const auto takes = [&](place where) {
        return std::ranges::any_of(inputs, [&](const expects* e) { return e->where == where; });
    };
    if (takes(place::body)) {
        all.emplace("400", reference("Malformed"));
        all.emplace("413", reference("Problem"));
        all.emplace("415", reference("Problem"));
    }
    if (!inputs.empty())
        all.emplace("422", reference("Invalid"));
    all.emplace("default", reference("Problem"));
    return all;
}

bj::array security_of(const std::vector<const security*>& all)
{
    bj::array out;
    for (const security* each : all) {
        bj::array scopes;
        for (const std::string& scope : each->scopes)
            scopes.emplace_back(scope);
        bj::object one;
        one[each->scheme] = std::move(scopes);
        out.emplace_back(std::move(one));
    }
    return out;
}

/// The schema of a problem document. Its address is its identity.
struct problem_shape {
    std::string_view name;
    std::string_view text;
};

constexpr problem_shape plain_problem{"Problem", R"({
    "type": "object",
    "description": "RFC 9457",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"}
    },
    "required": ["title", "status"]})"};

constexpr problem_shape invalid_problem{"InvalidProblem", R"({
    "allOf": [{"$ref": "#/components/schemas/Problem"}],
    "type": "object",
    "properties": {
        "errors": {"type": "array", "items": {
            "type": "object",
            "properties": {
                "pointer": {"type": "string", "description": "JSON Pointer into the body"},
                "parameter": {"type": "string"},
                "in": {"enum": ["path", "query", "header"]},
                "keyword": {"type": "string"},
                "limit": {},
                "detail": {"type": "string"}
            },
            "required": ["keyword", "detail"]
        }},
        "more": {"const": true}
    },
    "required": ["errors"]})"};

constexpr problem_shape malformed_problem{"MalformedProblem", R"({
    "allOf": [{"$ref": "#/components/schemas/Problem"}],
    "type": "object",
    "properties": {
        "offset": {"type": "integer"},
        "line": {"type": "integer"},
        "column": {"type": "integer"}
    }})"};

}  // namespace

std::string openapi_path(std::string_view pattern)
{
    std::string out{pattern};
    for (std::size_t at = out.find("...}"); at != std::string::npos; at = out.find("...}", at))
        out.erase(at, 3);
    return out;
}

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

bj::object openapi_operation(const route& of, std::string_view name, schema::describer& by)
{
    const route_notes& notes = of.options().notes;
    const std::vector<const expects*> inputs = notes.all<expects>();
    bj::object out;
    bj::array tags;
    for (const tag* each : notes.all<tag>())
        tags.emplace_back(each->name);
    if (!tags.empty())
        out["tags"] = std::move(tags);
    if (const summary* words = notes.find<summary>())
        out["summary"] = words->words;
    if (const description* words = notes.find<description>())
        out["description"] = words->words;
    out["operationId"] = name;
    if (bj::array all = parameters(of, inputs, by); !all.empty())
        out["parameters"] = std::move(all);
    for (const expects* input : inputs) {
        if (input->where == place::body)
            out["requestBody"] = bj::object{
                {"required", true}, {"content", content("application/json", input->shape(by))}};
    }
    out["responses"] = responses(of, inputs, by);
    if (notes.find<deprecated>() != nullptr)
        out["deprecated"] = true;
    if (bj::array all = security_of(notes.all<security>()); !all.empty())
        out["security"] = std::move(all);
    return out;
}

bj::object problem_answers(schema::describer& by)
{
    bj::object all;
    const auto add = [&](std::string_view name, std::string_view words, const problem_shape& what) {
        const auto make = [&what](schema::describer&) { return bj::parse(what.text).as_object(); };
        bj::object one;
        one["description"] = words;
        one["content"] = content("application/problem+json", by.refer(&what, what.name, make));
        all[name] = std::move(one);
    };
    add("Problem", "What went wrong", plain_problem);
    add("Malformed", "The body is no JSON", malformed_problem);
    add("Invalid", "All that is not as it should be in the request", invalid_problem);
    return all;
}

}  // namespace cohort::http::detail
