#pragma once

#include <cohort/crypto/key_ring.hpp>
#include <cohort/http/cookies/set_cookie.hpp>
#include <cohort/http/date_clock.hpp>
#include <cohort/http/request.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// How long cookies that we made are taken, whatever a browser was told and does. A value.
struct cookie_trust {
    std::chrono::seconds max_age = std::chrono::days{7};
    date_clock now = machine_clock();
};

/// Cookies that everybody can read and only we can write: HMAC-SHA-256 over name, value and the
/// time of issue. A resource; any thread.
class signed_cookies {
public:
    /// What is taken from `keys` here is not the same as for anything else.
    explicit signed_cookies(const crypto::key_ring& keys, cookie_trust trust = {});

    /// `from.value` may be any bytes. `from.max_age` is `max_age` above if it is not set. Throws
    /// as set_cookie() does.
    void set(response& into, new_cookie from) const;

    /// The value, if we issued it for this name, at most `max_age` ago.
    [[nodiscard]] std::optional<std::string> get(const request& of, std::string_view name) const;

private:
    crypto::purpose_keys keys_;
    cookie_trust trust_;
};

}  // namespace cohort::http
