#include <cohort/http/request_span.hpp>

#include <cohort/http/grammar.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace cohort::http {

namespace {

/// All fields of that name, as one list.
std::string joined(const request& of, std::string_view name)
{
    std::string all;
    for (const std::string_view each : of.headers(name)) {
        if (!all.empty())
            all += ',';
        all += each;
    }
    return all;
}

}  // namespace

traced::~traced()
{
    if (!span.runs())
        return;
    // Of others it is not known what they were.
    if (!described)
        span.forget();
    span.set("cohort.abandoned", true).end();
}

observe::span& span_of(const request& of)
{
    const traced* const known = of.attached<traced>();
    if (known != nullptr)
        return known->span;
    thread_local observe::span none;
    return none = {};
}

std::optional<observe::baggage> baggage_of(const request& of)
{
    const traced* const known = of.attached<traced>();
    if (known != nullptr && known->is_strangers)
        return std::nullopt;
    const std::string text = joined(of, "baggage");
    return text.empty() ? std::nullopt : observe::baggage::parse(text);
}

std::optional<trace_place> trace_of(const request& of)
{
    if (const traced* const mine = of.attached<traced>(); mine != nullptr) {
        const observe::trace_context& here = mine->span.context();
        if (here.valid())
            return trace_place{here.trace, here.span};
    }
    const auto caller = remote_parent_of(of);
    if (!caller)
        return std::nullopt;
    return trace_place{caller->trace, caller->span};
}

std::optional<observe::trace_context> remote_parent_of(const request& of)
{
    // One look at all fields, since every request is asked.
    const head_view& top = of.top();
    std::string_view parent;
    int parents = 0;
    bool has_state = false;
    for (std::size_t i = 0; i < top.fields_count(); ++i) {
        const field_view field = top.field(i);
        if (is_word(field.name, "traceparent")) {
            parent = field.value;
            ++parents;
        } else if (is_word(field.name, "tracestate")) {
            has_state = true;
        }
    }
    if (parents != 1)
        return std::nullopt;
    auto found = observe::parse_traceparent(parent);
    if (found && has_state)
        found->state = observe::checked_tracestate(joined(of, "tracestate")).value_or("");
    return found;
}

}  // namespace cohort::http
