#pragma once

#include <cohort/http/auth/authenticated.hpp>
#include <cohort/http/auth/jwt.hpp>

#include <memory>
#include <string>

namespace cohort::http {

/// Choices for bearer(). A value.
struct bearer_options {
    std::string realm = "api";

    /// The claim with the subject's roles: a list of texts, or one text with spaces ("scope").
    /// A token with more than 64 is refused.
    std::string roles_claim = "roles";
};

/// Tokens in `Authorization: Bearer …` (RFC 6750): the subject is `sub`, which must be there.
/// Tokens in the query or the body are not taken: they end up in logs.
[[nodiscard]] authenticator bearer(std::shared_ptr<const jwt_verifier> by,
                                   bearer_options more = {});

}  // namespace cohort::http
