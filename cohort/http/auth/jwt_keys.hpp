#pragma once
// The keys of tokens. Those that everybody may know (public) and those that nobody may (shared) are
// of different types and in different sets: a public key cannot be taken for a shared secret, which
// is how tokens were forged elsewhere (RFC 8725, 2.1).

#include <cohort/base/error.hpp>
#include <cohort/crypto/secret.hpp>
#include <cohort/crypto/signature.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

struct jws;

/// More keys than this in one set are refused.
inline constexpr std::size_t jwt_keys_max = 32;

/// A public key and what tokens call it. A value. `id` empty: taken whatever `kid` a token has.
struct public_key {
    std::string id = {};
    crypto::verifying_key key;
};

/// Public keys, of RS256, PS256, ES256 and EdDSA. A value.
class public_keys {
public:
    /// Errors: errc::bad_value, for none, too many, or two with one id and algorithm.
    [[nodiscard]] static result<public_keys> of(std::vector<public_key> keys);

    [[nodiscard]] const std::vector<public_key>& all() const noexcept { return keys_; }

    enum class outcome : unsigned char { verified, no_key, wrong };

    /// By the keys with the token's `kid` whose own algorithm is the token's.
    [[nodiscard]] outcome verify(const jws& token) const;

private:
    explicit public_keys(std::vector<public_key> keys) noexcept
        : keys_{std::move(keys)}
    {}

    std::vector<public_key> keys_;
};

/// A secret that who issues and who verifies share, for HS256. A resource.
class shared_key {
public:
    /// Errors: errc::bad_value, for fewer than 32 bytes (RFC 7518, 3.2).
    [[nodiscard]] static result<shared_key> of(crypto::secret secret, std::string id = {});

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] std::string sign(std::string_view text) const;
    [[nodiscard]] bool verify(std::string_view text, std::string_view signature) const;
    [[nodiscard]] shared_key copy() const { return shared_key{secret_.copy(), id_}; }

private:
    shared_key(crypto::secret secret, std::string id) noexcept
        : secret_{std::move(secret)}, id_{std::move(id)}
    {}

    crypto::secret secret_;
    std::string id_;
};

/// Shared secrets, newest first. A resource.
class shared_keys {
public:
    /// Errors: errc::bad_value, for none or too many.
    [[nodiscard]] static result<shared_keys> of(std::vector<shared_key> keys);
    [[nodiscard]] static result<shared_keys> of(shared_key one);

    [[nodiscard]] public_keys::outcome verify(const jws& token) const;

private:
    explicit shared_keys(std::vector<shared_key> keys) noexcept
        : keys_{std::move(keys)}
    {}

    std::vector<shared_key> keys_;
};

}  // namespace cohort::http
