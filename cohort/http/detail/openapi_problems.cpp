#include <cohort/http/detail/openapi_problems.hpp>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <utility>

namespace cohort::http::detail {

namespace {

namespace bj = boost::json;

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

bj::object header_of(std::string_view name, std::string_view about)
{
    bj::object one;
    one["description"] = about;
    one["schema"] = bj::object{{"type", "string"}};
    bj::object out;
    out[name] = std::move(one);
    return out;
}

}  // namespace

bj::object problem_answers(schema::describer& by)
{
    bj::object all;
    const auto add = [&](std::string_view name, std::string_view words,
                         const problem_shape& what) -> bj::object& {
        const auto make = [&what](schema::describer&) { return bj::parse(what.text).as_object(); };
        bj::object& one = all[name].emplace_object();
        one["description"] = words;
        bj::object media;
        media["schema"] = by.refer({&what}, what.name, make);
        one["content"] = bj::object{{"application/problem+json", std::move(media)}};
        return one;
    };
    add("Problem", "What went wrong", plain_problem);
    add("Malformed", "The body is no JSON", malformed_problem);
    add("Invalid", "All that is not as it should be in the request", invalid_problem);
    add("Unauthorized", "Nobody has said, or proven, who asks", plain_problem)["headers"] =
        header_of("WWW-Authenticate", "How to do that.");
    add("TooManyRequests", "A limit is reached", plain_problem)["headers"] =
        header_of("Retry-After", "Seconds until it is worth asking again.");
    return all;
}

bj::object problem_schema()
{
    bj::object out;
    out["$ref"] = "#/components/schemas/Problem";
    return out;
}

bj::object problem_answer(std::string_view name, std::string_view about)
{
    bj::object out;
    out["$ref"] = "#/components/responses/" + std::string{name};
    if (!about.empty())
        out["description"] = about;
    return out;
}

}  // namespace cohort::http::detail
