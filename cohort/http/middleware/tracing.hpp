#pragma once

#include <cohort/http/middleware.hpp>
#include <cohort/http/request.hpp>
#include <cohort/observe/tracer.hpp>

#include <string>
#include <vector>

namespace cohort::http {

/// Choices for tracing(). A value.
struct tracing_options {
    /// Whose `traceparent` and `baggage` are heeded, as net_range has it ("private", "10.0.0.0/8"):
    /// clients, that is behind proxies those that trust_proxies() finds. Traces of all others begin
    /// here, and what they hand on ends here. Empty: everybody's are.
    std::vector<std::string> neighbours = {};
    /// Handlers have spans of their own below those of their requests: what middleware takes can be
    /// told from what they take. Every request that is recorded costs two spans then.
    bool handlers = false;
    observe::tracer* by = nullptr;  ///< Null: observe::tracer::here(), when a request comes.
};

/// Makes a span of each request that comes to a route, by the conventions of OpenTelemetry for HTTP
/// servers, as a part of the trace that traceparent names, else as the beginning of one. Handlers
/// find it with span_of() (http/request_span.hpp).
///
/// Put it outside of everything that is to be seen. It ends when the answer is ready: of a streamed
/// one, when it begins. Answers of 500 and more are errors.
///
/// A request that runs again after the death of its worker is in the same trace, also if it began
/// there: its ids are made of the connection and of its place on it. The attempt that died gets the
/// span that it would have had, so that what was already seen of it has its parent.
///
/// Throws cohort::failure for ranges that are none.
[[nodiscard]] hooks tracing(tracing_options how = {});
[[nodiscard]] hooks tracing(observe::tracer* by);

/// Records the attempt before this one, which died with its worker, for requests that are not run
/// again and so are not seen by tracing(). Does nothing for a first attempt. When it began is not
/// known any more: it is shown as a moment, which is when the successor came to it.
void record_dead_attempt(const request& of, observe::tracer& by);

}  // namespace cohort::http
