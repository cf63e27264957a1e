#pragma once

#include <cohort/crypto/key_ring.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/request.hpp>

#include <functional>
#include <optional>
#include <string>

namespace cohort::http {

/// What a token is bound to: the same bytes for all requests of one session, unguessable for
/// others. Nothing: there is no session, and no token holds.
using csrf_binding = std::function<std::optional<std::string>(const request&)>;

/// Choices for csrf_tokens(). A value.
struct csrf_token_options {
    std::string cookie = "__Host-csrf";

    /// Where the page sends the token back.
    std::string header = "X-CSRF-Token";

    /// Empty: the session of sessions(), which then must be further out.
    csrf_binding bound_to = {};
};

/// A second layer, for what must hold even where a browser lies: requests that change something
/// must carry a token in a header, equal to the one in the cookie, signed by us for this session
/// (a signed double submit). Nothing is kept here. Everything else is answered 403. Use it together
/// with csrf().
[[nodiscard]] hooks csrf_tokens(const crypto::key_ring& keys, csrf_token_options more = {});

/// The token for the page that is being made, below csrf_tokens(); also sets the cookie, if there
/// is none that holds. After session::regenerate(), not before. Throws std::logic_error elsewhere.
///
///     api.get("/token", [](const request& of) { return json({{"csrf", csrf_token(of)}}); });
[[nodiscard]] std::string csrf_token(const request& of);

}  // namespace cohort::http
