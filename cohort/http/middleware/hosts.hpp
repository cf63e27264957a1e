#pragma once

#include <cohort/http/middleware.hpp>

#include <string>
#include <vector>

namespace cohort::http {

/// Note of a route that is answered whatever the host: checks of health by those who know addresses
/// and no names, as load balancers and kubelets do. Its handler must not use the host.
struct any_host_too {};

/// Takes requests for these hosts only: 421 for others, 400 for none at all. What is built from the
/// host (links in mails, redirects, keys of caches) cannot be made to point elsewhere then.
///
/// The primary's own probes pass: nobody else can ask over their connection.
///
/// @param allowed  "shop.example" (whatever the port), "localhost:8080", "[::1]", ".shop.example"
///                 (every host below it). Throws cohort::failure (errc::bad_value) for others.
[[nodiscard]] hooks hosts(std::vector<std::string> allowed);

}  // namespace cohort::http
