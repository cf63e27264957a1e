#include <cohort/dashboard/shapes.hpp>

#include <cohort/dashboard/losses.hpp>

#include <boost/json/array.hpp>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::dashboard {

namespace {

namespace json = boost::json;

using member = shape_member;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

json::object typed(std::string_view type)
{
    const bool maybe = type.ends_with('?');
    if (maybe)
        type.remove_suffix(1);
    json::object shape;
    if (maybe)
        shape["type"] = json::array{view(type), "null"};
    else if (!type.empty())
        shape["type"] = view(type);
    return shape;
}

json::object described(const member& one, std::string_view type)
{
    json::object shape = typed(type);
    if (!one.about.empty())
        shape["description"] = view(one.about);
    return shape;
}

json::object object_of(std::span<const member> members)
{
    json::object properties;
    json::array required;
    for (const member& each : members) {
        properties[view(each.name)] = described(each, each.type);
        required.emplace_back(view(each.name));
    }
    json::object shape{{"type", "object"}};
    shape["properties"] = std::move(properties);
    shape["required"] = std::move(required);
    return shape;
}

json::object list_of(json::object items)
{
    return {{"type", "array"}, {"items", std::move(items)}};
}

constexpr auto cohort_members = std::to_array<member>({
    {"name", "string"},
    {"version", "string", "Of Cohort."},
    {"pid", "integer", "The process that was started."},
    {"uptime_s", "integer?"},
    {"generation", "integer", "Of code and configuration."},
    {"state", "string", "starting, serving, degraded or draining."},
    {"reason", "string", "Why, in words; empty: all is well."},
    {"workers_ready", "integer"},
    {"workers_wanted", "integer"},
    {"requests_per_s", "number?"},
    {"errors_per_s", "number?", "Answers of 500 and more."},
    {"p50_ms", "number?", "Over the last ten seconds."},
    {"p99_ms", "number?"},
    {"connections", "integer"},
});

constexpr auto worker_members = std::to_array<member>({
    {"slot", "integer", "Its seat, which it keeps."},
    {"id", "integer?", "Of the worker: never the same twice."},
    {"pid", "integer?"},
    {"generation", "integer"},
    {"state", "string", "booting, serving, draining, replacing, resting, parked, held, …"},
    {"ready", "boolean", "It serves, and its event loop turns."},
    {"silent_s", "number?", "How long its event loop has not turned, from 3 s on."},
    {"uptime_s", "number?"},
    {"restarts_hour", "integer", "Deaths that nobody asked for, 8 at most."},
    {"last_death", "object?", "When (at), its cause, and words about it."},
    {"utilisation", "number?", "Of its event loop: 0 to 1."},
    {"lag_p99_ms", "number?", "Of its event loop."},
    {"in_flight", "integer?", "Requests."},
    {"connections", "integer?"},
    {"requests_per_s", "number?"},
    {"errors_per_s", "number?"},
    {"pss_bytes", "integer?", "Its share of the machine's memory."},
    {"cpu", "number?", "Processors that it keeps busy."},
    {"fds", "integer?", "Open descriptors."},
    {"log_errors", "integer?", "Lines of level error and worse that it has logged."},
    {"last_error", "object?", "When (at) it logged the last one, and its words."},
    {"oddness", "number", "How far it is from what is usual among the workers."},
    {"odd", "boolean", "So far that one should look at it."},
});

constexpr auto route_members = std::to_array<member>({
    {"method", "string"},
    {"route", "string"},
    {"requests_per_s", "number"},
    {"errors_per_s", "number"},
    {"p50_ms", "number?"},
    {"p99_ms", "number?"},
    {"time_share", "number", "Of the time that all requests took."},
});

constexpr auto event_members = std::to_array<member>({
    {"at", "string"},
    {"slot", "integer?"},
    {"kind", "string"},
    {"words", "string"},
});

constexpr auto crash_members = std::to_array<member>({
    {"at", "string"},
    {"slot", "integer"},
    {"pid", "integer"},
    {"cause", "string"},
    {"words", "string"},
    {"report", "string?", "The file that has more to say."},
});

constexpr auto memory_members = std::to_array<member>({
    {"shared_bytes", "integer", "What workers share."},
    {"shared_room", "integer", "As much can be."},
});

json::object history_shape()
{
    json::object shape = object_of(std::to_array<member>({{"every_s", "integer"}}));
    json::object& properties = shape["properties"].as_object();
    for (const char* each : {"requests_per_s", "errors_per_s", "p99_ms", "ready"}) {
        properties[each] = list_of(typed("number?"));
        shape["required"].as_array().emplace_back(each);
    }
    return shape;
}

json::object loss_shape(loss_kind kind)
{
    std::vector<member> members;
    members.reserve(loss_rules().size());
    for (const loss_rule& each : loss_rules()) {
        if (each.kind == kind)
            members.push_back({each.name, "integer", each.about});
    }
    return object_of(members);
}

json::object make_state()
{
    json::object properties;
    properties["cohort"] = object_of(cohort_members);
    properties["history"] = history_shape();
    properties["workers"] = list_of(object_of(worker_members));
    properties["routes"] = list_of(object_of(route_members));
    properties["events"] = list_of(object_of(event_members));
    properties["crashes"] = list_of(object_of(crash_members));
    properties["dropped"] = loss_shape(loss_kind::dropped);
    properties["refused"] = loss_shape(loss_kind::refused);
    properties["throttled_s"] = typed("number?");
    properties["memory"] = object_of(memory_members);
    json::array required;
    for (const auto& each : properties)
        required.emplace_back(each.key());
    json::object shape{{"type", "object"}};
    shape["properties"] = std::move(properties);
    shape["required"] = std::move(required);
    return shape;
}

json::object taken_shape(std::span<const member> members)
{
    json::object properties;
    json::array required;
    for (const member& each : members) {
        std::string_view type = each.type;
        if (type.ends_with('!')) {
            type.remove_suffix(1);
            required.emplace_back(view(each.name));
        }
        properties[view(each.name)] = described(each, type);
    }
    json::object shape{{"type", "object"}};
    shape["properties"] = std::move(properties);
    if (!required.empty())
        shape["required"] = std::move(required);
    return shape;
}

constexpr auto answer_members = std::to_array<member>({
    {"exit", "integer", "What the command line would exit with: 0 is done."},
    {"outcome", "string",
     "done, degraded, usage, invalid, rolled_back, timed_out, no_such_slot or refused."},
    {"reason", "string", "In words."},
    {"data", "object"},
});

}  // namespace

http::expects taken(http::place where, std::span<const shape_member> which)
{
    return {where, [which](schema::describer&) { return taken_shape(which); }};
}

json::object workers_shape::describe(schema::describer&) const
{
    json::object shape{{"type", "object"}};
    shape["properties"] = json::object{{"workers", list_of(object_of(worker_members))}};
    shape["required"] = json::array{"workers"};
    return shape;
}

json::object access_shape::describe(schema::describer&) const
{
    json::object word = typed("string");
    word["enum"] = json::array{"look", "order"};
    json::object shape{{"type", "object"}};
    shape["properties"] = json::object{{"may", list_of(std::move(word))}};
    shape["required"] = json::array{"may"};
    return shape;
}

json::object state_shape::describe(schema::describer& by) const
{
    static constexpr char identity = 0;
    return by.refer({&identity}, "State", [](schema::describer&) { return make_state(); });
}

json::object answer_shape::describe(schema::describer& by) const
{
    static constexpr char identity = 0;
    return by.refer({&identity}, "Answer", [](schema::describer&) {
        json::object shape = object_of(answer_members);
        json::object& properties = shape["properties"].as_object();
        properties["progress"] = list_of(typed("string"));
        properties["list"] = list_of(typed("object"));
        return shape;
    });
}

}  // namespace cohort::dashboard
