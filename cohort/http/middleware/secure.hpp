#pragma once

#include <cohort/http/middleware/helmet.hpp>
#include <cohort/http/middleware/https_only.hpp>
#include <cohort/http/router.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cohort::http {

/// Choices for secure(). A value that is moved.
struct secure_options {
    /// The hosts that this service answers for, see hosts(). Must be said: an empty list is
    /// refused, since then every host is answered for.
    std::vector<std::string> hosts = {};

    helmet_options helmet = {};

    /// https_only() unless it is nothing.
    std::optional<https_options> https = https_options{};
};

/// The settings that every service should begin with, in their order: helmet(), hosts() and
/// https_only() around all routes of `api`. Behind proxies call trust_proxies() first, and add
/// csrf() afterwards if browsers send cookies. Throws cohort::failure (errc::bad_value) without
/// hosts.
void secure(routes& api, secure_options choices);

/// Says in the code that any host is answered for: `.hosts = http::any_host()`.
[[nodiscard]] std::vector<std::string> any_host();

}  // namespace cohort::http
