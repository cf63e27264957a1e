#pragma once

#include <cohort/http/router.hpp>

#include <string>

namespace cohort::http {

/// All registered routes as a table for people, a line each, sorted by pattern: method, pattern,
/// who may use it, how its handler runs, the middleware around it, and where it is registered. Of a
/// frozen router. The columns may change: never parse it, see router::all().
[[nodiscard]] std::string route_listing(const router& of);

}  // namespace cohort::http
