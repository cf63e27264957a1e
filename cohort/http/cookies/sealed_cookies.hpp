#pragma once

#include <cohort/crypto/key_ring.hpp>
#include <cohort/http/cookies/signed_cookies.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// Cookies that only we can read and write: AES-256-GCM, bound to their name. A resource; any
/// thread.
class sealed_cookies {
public:
    explicit sealed_cookies(const crypto::key_ring& keys, cookie_trust trust = {});

    /// As signed_cookies::set().
    void set(response& into, new_cookie from) const;

    /// The value, if we sealed it for this name, at most `max_age` ago.
    [[nodiscard]] std::optional<std::string> get(const request& of, std::string_view name) const;

private:
    crypto::purpose_keys keys_;
    cookie_trust trust_;
};

}  // namespace cohort::http
