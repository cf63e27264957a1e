#include <cohort/observe/otlp.hpp>

#include <cohort/base/decimal.hpp>
#include <cohort/observe/detail/otlp_json.hpp>
#include <cohort/observe/json_text.hpp>

#include <algorithm>
#include <utility>

namespace cohort::observe {

using detail::append_attributes;
using detail::append_number;

namespace {

// Flags of a span besides those of its trace: whether its parent is in another process.
constexpr std::uint32_t flag_has_is_remote = 0x100;
constexpr std::uint32_t flag_is_remote = 0x200;

void append_count(std::string& out, std::string_view key, std::uint32_t count)
{
    if (count != 0)
        (((out += ",\"") += key) += "\":") += decimal{count}.view();
}

std::uint64_t unix_ns(steady_time when, const span_end& end) noexcept
{
    const nanoseconds before = end.ended - when;
    return end.ended_unix_ns -
           static_cast<std::uint64_t>(std::max<std::int64_t>(before.count(), 0));
}

void append_ids(std::string& out, const span_data& what)
{
    out += "{\"traceId\":\"";
    append_hex(out, what.context.trace);
    out += "\",\"spanId\":\"";
    append_hex(out, what.context.span);
    out += '"';
    if (!what.context.state.empty()) {
        out += ",\"traceState\":";
        append_json_string(out, what.context.state);
    }
    std::uint32_t flags = what.context.flags | flag_has_is_remote;
    if (what.parent.valid()) {
        out += ",\"parentSpanId\":\"";
        append_hex(out, what.parent);
        out += '"';
        flags |= what.parent_is_remote ? flag_is_remote : 0;
    }
    append_count(out, "flags", flags);
}

void append_events(std::string& out, const span_data& what, const span_end& end)
{
    if (what.events.empty())
        return;
    out += ",\"events\":[";
    bool first = true;
    for (const span_event& each : what.events) {
        out += std::exchange(first, false) ? "{" : ",{";
        append_number(out, "timeUnixNano", unix_ns(each.when, end));
        out += ",\"name\":";
        append_json_string(out, each.name);
        if (!each.attributes.empty()) {
            out += ",\"attributes\":";
            append_attributes(out, each.attributes);
        }
        out += '}';
    }
    out += ']';
}

}  // namespace

void append_attribute_value(std::string& out, const attribute_value& value)
{
    if (const auto* const text = std::get_if<std::string>(&value)) {
        out += "{\"stringValue\":";
        append_json_string(out, *text);
        out += '}';
    } else if (const auto* const yes = std::get_if<bool>(&value)) {
        out += *yes ? "{\"boolValue\":true}" : "{\"boolValue\":false}";
    } else if (const auto* const number = std::get_if<std::int64_t>(&value)) {
        ((out += "{\"intValue\":\"") += decimal{*number}.view()) += "\"}";
    } else {
        out += "{\"doubleValue\":";
        detail::append_double(out, std::get<double>(value));
        out += '}';
    }
}

void append_span(std::string& out, const span_data& what, const span_end& when)
{
    append_ids(out, what);
    out += ",\"name\":";
    append_json_string(out, what.name);
    append_count(out, "kind", std::to_underlying(what.kind));
    out += ',';
    append_number(out, "startTimeUnixNano", unix_ns(what.began, when));
    out += ',';
    append_number(out, "endTimeUnixNano", when.ended_unix_ns);
    if (!what.attributes.empty()) {
        out += ",\"attributes\":";
        append_attributes(out, what.attributes);
    }
    append_count(out, "droppedAttributesCount", what.dropped_attributes);
    append_events(out, what, when);
    append_count(out, "droppedEventsCount", what.dropped_events);
    if (what.status != span_status::unset) {
        out += ",\"status\":{";
        if (!what.message.empty()) {
            out += "\"message\":";
            append_json_string(out, what.message);
            out += ',';
        }
        (out += "\"code\":") += decimal{unsigned{std::to_underlying(what.status)}}.view();
        out += '}';
    }
    out += '}';
}

void otlp_resource::set(std::string key, attribute_value value)
{
    const auto same = std::ranges::find(attributes, key, &attribute::key);
    if (same != attributes.end())
        same->value = std::move(value);
    else
        attributes.push_back({std::move(key), std::move(value)});
}

const attribute_value* otlp_resource::find(std::string_view key) const noexcept
{
    const auto found = std::ranges::find(attributes, key, &attribute::key);
    return found == attributes.end() ? nullptr : &found->value;
}

std::string otlp_traces(const otlp_resource& of, std::span<const export_item> spans)
{
    std::string out;
    std::size_t bytes = 1024;
    for (const export_item& each : spans)
        bytes += each.text.size() + 1;
    out.reserve(bytes);
    detail::open_envelope(
        out, {.resources = "resourceSpans", .scopes = "scopeSpans", .items = "spans"}, of);
    bool first = true;
    for (const export_item& each : spans) {
        if (!std::exchange(first, false))
            out += ',';
        out += each.text;
    }
    detail::close_envelope(out);
    return out;
}

}  // namespace cohort::observe
