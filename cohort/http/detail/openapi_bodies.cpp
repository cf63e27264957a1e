#include <cohort/http/detail/openapi_bodies.hpp>

#include <cohort/http/auth/permission.hpp>
#include <cohort/http/detail/openapi_problems.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/status.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http::detail {

namespace {

namespace bj = boost::json;

constexpr std::string_view json = "application/json";

std::string_view phrase(unsigned status) { return reason(static_cast<status_code>(status)); }

/// The Media Type Object of `type`, made if it is not there.
bj::object& media_of(bj::object& content, std::string_view type)
{
    bj::value& media = content[type];
    return media.is_object() ? media.as_object() : media.emplace_object();
}

void add_example(bj::object& content, const example& one)
{
    bj::value& all = media_of(content, json)["examples"];
    bj::object& examples = all.is_object() ? all.as_object() : all.emplace_object();
    bj::object out;
    if (!one.summary.empty())
        out["summary"] = one.summary;
    out["value"] = one.body;
    examples["example_" + std::to_string(examples.size() + 1)] = std::move(out);
}

/// A body of a type of which no more is known.
void add_plain(bj::object& content, std::string_view type)
{
    bj::object& media = media_of(content, type);
    if (type.starts_with("text/"))
        media["schema"] = bj::object{{"type", "string"}};
}

void add_form(bj::object& content, const takes& from)
{
    bj::object properties;
    bj::object encoding;
    bj::array required;
    for (const form_fields::field& each : from.form.all()) {
        bj::object& one = properties[each.name].emplace_object();
        one["type"] = "string";
        if (!each.about.empty())
            one["description"] = each.about;
        if (!each.file_type.empty()) {
            one["format"] = "binary";  // what generators of clients look for
            encoding[each.name] = bj::object{{"contentType", each.file_type}};
        }
        if (each.needed)
            required.emplace_back(each.name);
    }
    bj::object shape;
    shape["type"] = "object";
    shape["properties"] = std::move(properties);
    if (!required.empty())
        shape["required"] = std::move(required);
    bj::object& media = media_of(content, from.type);
    media["schema"] = std::move(shape);
    if (!encoding.empty())
        media["encoding"] = std::move(encoding);
}

void add_headers(bj::object& to, const answers& from)
{
    if (from.headers().empty())
        return;
    bj::object& all = to["headers"].emplace_object();
    for (const auto& [name, about] : from.headers()) {
        bj::object& one = all[name].emplace_object();
        if (!about.empty())
            one["description"] = about;
        one["schema"] = bj::object{{"type", "string"}};
    }
}

/// A status may be noted several times: then its answer has several types.
void add_answer(bj::object& all, const answers& from, schema::describer& by)
{
    bj::value& place = all[std::to_string(from.status())];
    bj::object& one = place.is_object() ? place.as_object() : place.emplace_object();
    if (!from.about().empty() || !one.contains("description"))
        one["description"] =
            from.about().empty() ? std::string{phrase(from.status())} : from.about();
    add_headers(one, from);
    if (from.type().empty() && from.status() < 400)
        return;
    bj::value& there = one["content"];
    bj::object& content = there.is_object() ? there.as_object() : there.emplace_object();
    if (from.type().empty())
        media_of(content, "application/problem+json")["schema"] = problem_schema();
    else if (from.shape())
        media_of(content, from.type())["schema"] = from.shape()(by);
    else
        add_plain(content, from.type());
    for (const example& each : from.examples())
        add_example(content, each);
}

/// What input that does not fit is answered.
void add_input_problems(bj::object& all, const route_notes& notes)
{
    const std::vector<const expects*> inputs = notes.all<expects>();
    const bool reads_json =
        std::ranges::any_of(inputs, [](const expects* each) { return each->where == place::body; });
    if (reads_json)
        all.emplace("400", problem_answer("Malformed"));
    if (reads_json || notes.find<takes>() != nullptr) {
        all.emplace("413", problem_answer("Problem", phrase(413)));
        all.emplace("415", problem_answer("Problem", phrase(415)));
    }
    if (!inputs.empty())
        all.emplace("422", problem_answer("Invalid"));
}

/// What the middleware around a route answers in its place.
void add_middleware_problems(bj::object& all, const route& of)
{
    const bool open = of.note<open_to_all>() != nullptr;
    for (const std::string& each : of.middleware_names()) {
        if (each == "authenticated" && !open)
            all.emplace("401", problem_answer("Unauthorized"));
        else if (each == "access" && !open)
            all.emplace("403", problem_answer("Problem", phrase(403)));
        else if (each.starts_with("rate_limit"))
            all.emplace("429", problem_answer("TooManyRequests"));
    }
}

}  // namespace

bj::object request_body(const route_notes& notes, schema::describer& by)
{
    bj::object content;
    for (const expects* input : notes.all<expects>()) {
        if (input->where == place::body)
            media_of(content, json)["schema"] = input->shape(by);
    }
    for (const takes* each : notes.all<takes>()) {
        if (each->form.all().empty())
            add_plain(content, each->type);
        else
            add_form(content, *each);
    }
    for (const example* each : notes.all<example>())
        add_example(content, *each);
    bj::object out;
    if (content.empty())
        return out;
    out["required"] = true;
    out["content"] = std::move(content);
    return out;
}

bj::object responses_of(const route& of, schema::describer& by)
{
    const route_notes& notes = of.options().notes;
    bj::object all;
    bool succeeds = false;
    for (const answers* each : notes.all<answers>()) {
        add_answer(all, *each, by);
        succeeds = succeeds || each->status() < 400;
    }
    if (!succeeds)
        all["200"] = bj::object{{"description", "OK"}};
    add_input_problems(all, notes);
    add_middleware_problems(all, of);
    all.emplace("default", problem_answer("Problem"));
    return all;
}

}  // namespace cohort::http::detail
