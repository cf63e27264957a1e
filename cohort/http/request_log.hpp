#pragma once

#include <cohort/http/request.hpp>
#include <cohort/observe/logger.hpp>

namespace cohort::http {

/// Logs for this request: its lines have `request_id` (inside of request_ids()), `trace_id` and
/// `span_id` (those of tracing(), else of whoever called), `slot`, and `attempt` if it is not the
/// first one.
///
///     http::log_of(request).info({{"cents", 500}}, "paid");
///
/// A logger that was attached to the request is it instead, so middleware can say more for all that
/// are further in: `request.attach(http::log_of(request).with({{"tenant", name}}))`.
[[nodiscard]] log::logger log_of(const request& of);

}  // namespace cohort::http
