#pragma once

#include <cohort/http.hpp>
#include <cohort/http/tls/options.hpp>

#include <memory>
#include <optional>
#include <string>

using verifier = std::shared_ptr<const cohort::http::jwt_verifier>;

/// A variable of the environment.
[[nodiscard]] std::string setting(const char* name, const char* otherwise = "");

/// Verifies tokens by the file that PAYMENTS_JWKS_FILE or PAYMENTS_SECRET_FILE names: secrets do
/// not stand in the environment itself. Throws without one, and for one that is not good enough.
[[nodiscard]] verifier tokens_from_environment();

/// A token by the shared secret, good for a quarter of an hour. Throws as above.
[[nodiscard]] std::string make_token(const std::string& who, const std::string& role);

/// Which hosts are answered for, and whether plain http is.
[[nodiscard]] cohort::http::secure_options security_from_environment();

/// Certificate and key, if they are named.
[[nodiscard]] std::optional<cohort::http::tls::options> tls_from_environment();
