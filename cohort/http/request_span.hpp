#pragma once

#include <cohort/http/request.hpp>
#include <cohort/observe/baggage.hpp>
#include <cohort/observe/span.hpp>

#include <optional>
#include <utility>

namespace cohort::http {

/// Attached by tracing(): the span of a request. Whoever sees the request may say more about it.
struct traced {
    explicit traced(observe::span of_the_request) noexcept
        : span{std::move(of_the_request)}
    {}
    traced(traced&&) noexcept = default;
    traced& operator=(traced&&) noexcept = default;
    /// Nobody saw its answer: its client left.
    ~traced();

    mutable observe::span span;
    mutable observe::span lane;  ///< Of a cpu_bound handler, until it has run.
    mutable bool described = false;
    bool has_handler_span = false;
    bool is_strangers = false;  ///< What its client says of traces is not heeded.
};

/// The request's span, for attributes and for children of it; without tracing() around the handler
/// it is none, and takes everything.
///
///     auto look_up = http::span_of(request).child("look up a user");
[[nodiscard]] observe::span& span_of(const request& of);

/// What its callers hand on. Nothing: there is none, it is malformed, or they are no neighbours
/// (tracing()).
[[nodiscard]] std::optional<observe::baggage> baggage_of(const request& of);

/// Whose trace it says that it is part of: traceparent and tracestate. Nothing if it says none, or
/// not clearly.
[[nodiscard]] std::optional<observe::trace_context> remote_parent_of(const request& of);

/// Where in which trace a request is. A value.
struct trace_place {
    observe::trace_id trace;
    observe::span_id span;
};

/// Of the span that tracing() has begun around this request, or had; without one, of whoever called
/// us. Nothing: neither. What is said of the request anywhere (log lines) says it by this.
[[nodiscard]] std::optional<trace_place> trace_of(const request& of);

}  // namespace cohort::http
