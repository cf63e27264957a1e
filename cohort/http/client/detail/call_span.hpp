#pragma once

#include <cohort/base/error.hpp>
#include <cohort/http/client/client_message.hpp>
#include <cohort/http/client/url.hpp>
#include <cohort/observe/span.hpp>

#include <string>

namespace cohort::http::detail {

/// The span of one time that a request is sent, until its answer is there. A resource; one that is
/// part of nothing is none.
///
/// Source: OpenTelemetry semantic conventions, "HTTP client".
class call_span {
public:
    /// `attempt` from 1.
    call_span(const client_request& what, const url& to, unsigned attempt);

    /// For the server: this span, or if none is made, what it would have been part of.
    [[nodiscard]] const observe::trace_context& context() const noexcept { return context_; }

    void answered(unsigned status);
    void failed(const fault& why);

private:
    observe::span span_;
    observe::trace_context context_;
};

/// Appends traceparent and tracestate, if it is one.
void append_trace(std::string& head, const observe::trace_context& trace);

}  // namespace cohort::http::detail
