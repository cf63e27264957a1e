#pragma once

#include <cohort/http/middleware.hpp>

#include <string>
#include <vector>

namespace cohort::http {

/// Takes requests for these hosts only: 421 for others, 400 for none at all. What is built from the
/// host (links in mails, redirects, keys of caches) cannot be made to point elsewhere then.
///
/// @param allowed  "shop.example" (whatever the port), "localhost:8080", "[::1]", ".shop.example"
///                 (every host below it). Throws cohort::failure (errc::bad_value) for others.
[[nodiscard]] hooks hosts(std::vector<std::string> allowed);

}  // namespace cohort::http
