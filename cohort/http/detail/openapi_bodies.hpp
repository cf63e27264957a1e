#pragma once

#include <cohort/http/route.hpp>
#include <cohort/http/route_notes.hpp>
#include <cohort/schema/describer.hpp>

#include <boost/json/object.hpp>

namespace cohort::http::detail {

/// The Request Body Object of a route with these notes; empty if nothing is said of a body.
[[nodiscard]] boost::json::object request_body(const route_notes& notes, schema::describer& by);

/// The Responses Object: what is noted, and what the route's input and the middleware around it may
/// answer.
[[nodiscard]] boost::json::object responses_of(const route& of, schema::describer& by);

}  // namespace cohort::http::detail
