#include <cohort/http/client/detail/call_span.hpp>

#include <cohort/http/redact.hpp>
#include <cohort/observe/tracer.hpp>

#include <fmt/format.h>

#include <string_view>

namespace cohort::http::detail {

namespace {

/// Without what is a secret in it.
std::string shown(const url& to)
{
    const std::string_view target = to.target;
    const std::size_t query = target.find('?');
    if (query == std::string_view::npos)
        return to.origin() + to.target;
    return fmt::format("{}{}?{}", to.origin(), target.substr(0, query),
                       redacted_query(target.substr(query + 1)));
}

}  // namespace

call_span::call_span(const client_request& what, const url& to, unsigned attempt)
{
    const client_request::trace_part& whole = what.is_part_of();
    context_ = whole.span;
    if (whole.by == nullptr)
        return;
    span_ = whole.by->begin({.kind = observe::span_kind::client,
                             .name = std::string{text(what.verb())},
                             .parent = &whole.span,
                             .is = observe::parentage::local});
    context_ = whole.by->options().contexts_exchanged ? span_.context() : observe::trace_context{};
    if (!span_.may_be_kept())
        return;
    span_.set("http.request.method", text(what.verb()))
        .set("server.address", to.host)
        .set("server.port", to.port)
        .set("url.full", shown(to));
    if (attempt > 1)
        span_.set("http.request.resend_count", attempt - 1);
}

void call_span::answered(unsigned status)
{
    span_.set("http.response.status_code", status);
    if (status >= 400)
        span_.set("error.type", fmt::format_int(status).c_str()).fail("");
    span_.end();
}

void call_span::failed(const fault& why)
{
    span_.set("error.type", why.why().message()).fail(why.text());
    span_.end();
}

void append_trace(std::string& head, const observe::trace_context& trace)
{
    if (!trace.valid() || trace.untold)
        return;
    ((head += "traceparent: ") += trace.traceparent()) += "\r\n";
    if (!trace.state.empty())
        ((head += "tracestate: ") += trace.state) += "\r\n";
}

}  // namespace cohort::http::detail
