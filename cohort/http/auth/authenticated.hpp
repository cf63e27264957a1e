#pragma once

#include <cohort/http/auth/subject.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http {

/// Why somebody has not proven who they are. A value.
struct auth_refusal {
    bool tried = false;          ///< There were credentials, but not good ones.
    std::string challenge = {};  ///< For WWW-Authenticate.
    std::string detail = {};     ///< For the client; says nothing of what we know.
};

/// One way to prove who asks: bearer(), api_keys(), basic(), or yours. A value; any thread.
struct authenticator {
    std::string name;
    std::function<std::expected<subject, auth_refusal>(const request&)> check;
};

/// Attaches the subject_of() each request; answers 401 with WWW-Authenticate where nobody has
/// proven who that is, except for routes that are open_to_all. The ways are tried in order until
/// one succeeds.
///
/// What is answered to a subject is `Cache-Control: no-store`, unless the handler says otherwise.
/// A request with more than one Authorization field is answered 400.
[[nodiscard]] hooks authenticated(std::vector<authenticator> ways);
[[nodiscard]] hooks authenticated(authenticator way);

/// What follows `scheme` ("Bearer") in Authorization. Nothing if there is none, or another scheme.
[[nodiscard]] std::optional<std::string_view> credentials(const request& of,
                                                          std::string_view scheme) noexcept;

}  // namespace cohort::http
