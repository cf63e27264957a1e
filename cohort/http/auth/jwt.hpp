#pragma once
// JSON Web Tokens as RFC 8725 wants them: the key names its one algorithm, `none` does not exist
// here, tokens expire, and each is for one issuer, audience and use.

#include <cohort/http/auth/jws.hpp>
#include <cohort/http/auth/jwt_keys.hpp>
#include <cohort/http/auth/verified_tokens.hpp>
#include <cohort/http/date_clock.hpp>

#include <boost/json/object.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace cohort::http {

class jwks_file;

/// Which tokens are taken. A value.
struct jwt_rules {
    /// `iss` must be this. Empty is refused, unless `any_issuer`.
    std::string issuer;

    /// `aud` must be this, or have it among others. Empty is refused, unless `any_audience`.
    std::string audience;

    /// `typ` of the header, without "application/" and whatever its case: "JWT", "at+jwt".
    std::string type = "JWT";

    /// How far clocks may differ; a minute at most.
    std::chrono::seconds leeway{30};

    bool any_issuer = false;
    bool any_audience = false;
    bool also_without_type = false;  ///< Issuers that leave `typ` out.

    /// Tokens whose signature was good are remembered until they end, or the keys change, so that
    /// it is checked once and not with each request: so many of them, of 2 KiB at most. 0: none.
    std::size_t remembered = 1024;

    date_clock now = machine_clock();
};

/// What a verified token says. A value.
struct jwt_claims {
    std::string subject;  ///< `sub`; empty: none.
    std::int64_t expires;
    std::int64_t valid_from = 0;  ///< The later one of `nbf` and `iat`; 0: neither is there.
    boost::json::object all;
};

/// Verifies tokens. A resource; any thread. What makes one throws cohort::failure
/// (errc::bad_value) for rules that leave something open without saying so.
class jwt_verifier {
public:
    jwt_verifier(public_keys keys, jwt_rules rules);
    jwt_verifier(std::shared_ptr<jwks_file> keys, jwt_rules rules);
    jwt_verifier(shared_keys keys, jwt_rules rules);

    using verified = std::shared_ptr<const jwt_claims>;

    /// The claims, when everything about the token is as it must be. Never null.
    [[nodiscard]] std::expected<verified, token_mistake> verify(std::string_view token) const;

private:
    using source = std::variant<public_keys, std::shared_ptr<jwks_file>, shared_keys>;
    jwt_verifier(source keys, jwt_rules rules);
    [[nodiscard]] public_keys::outcome check(const jws& token, const public_keys* current) const;

    source keys_;
    jwt_rules rules_;
    std::unique_ptr<verified_tokens> known_;
};

/// What a token of ours says besides what who asks for one says. A value.
struct jwt_terms {
    std::string issuer;
    std::string audience;
    std::string type = "JWT";
    std::chrono::seconds lifetime = std::chrono::minutes{15};
    date_clock now = machine_clock();
};

/// Issues tokens. A resource; any thread. Throws cohort::failure for terms without issuer, audience
/// or lifetime.
class jwt_signer {
public:
    jwt_signer(crypto::signing_key key, std::string key_id, jwt_terms terms);
    jwt_signer(shared_key key, jwt_terms terms);

    /// With `iss`, `aud`, `iat` and `exp`, in place of those in `claims`.
    [[nodiscard]] std::string sign(std::string_view subject, boost::json::object claims = {}) const;

private:
    struct named {
        crypto::signing_key key;
        std::string id;
    };
    std::variant<named, shared_key> key_;
    jwt_terms terms_;
};

}  // namespace cohort::http
