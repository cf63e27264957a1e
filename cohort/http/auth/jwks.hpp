#pragma once

#include <cohort/base/error.hpp>
#include <cohort/crypto/signature.hpp>
#include <cohort/http/auth/jwt_keys.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace cohort::http {

/// Longer key sets are refused.
inline constexpr std::size_t jwks_bytes_max = std::size_t{256} << 10;

/// What a JWK Set leaves open. A value.
struct jwks_options {
    /// The algorithm of RSA keys that do not name theirs (`alg`). Nothing: such keys are refused,
    /// since a token must not choose. Those of other kinds have one algorithm.
    std::optional<crypto::signature_algorithm> rsa_without_algorithm = std::nullopt;
};

/// Reads a JWK Set (RFC 7517), strictly: no member twice, canonical base64url, numbers of the
/// right length. Keys for encryption and of kinds that we do not have are passed over, as the RFC
/// says; a set without a key that fits is refused, and so is one with a private or a shared key in
/// it, which are nobody's to publish. Errors: errc::malformed, errc::bad_value, errc::too_large.
[[nodiscard]] result<public_keys> read_jwks(std::string_view text, jwks_options more = {});

}  // namespace cohort::http
