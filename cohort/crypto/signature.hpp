#pragma once
// Signatures: one key signs, another verifies. Each key knows its one algorithm, so that nobody who
// sends a token can choose it.

#include <cohort/base/error.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace cohort::crypto {

/// RS256, PS256, ES256 (P-256) and EdDSA (Ed25519) of JOSE.
enum class signature_algorithm : std::uint8_t { rs256, ps256, es256, eddsa };

/// "RS256", "EdDSA".
[[nodiscard]] std::string_view name(signature_algorithm of) noexcept;

/// Tells whether a signature is by the owner of the other half. A value; copies share the key; any
/// thread.
///
/// What makes them refuses, with errc::bad_value: keys of another kind than the algorithm's, RSA of
/// fewer than 2048 or more than 8192 bits, points that are not on the curve.
class verifying_key {
public:
    /// A public key ("BEGIN PUBLIC KEY") of at most 64 KiB.
    [[nodiscard]] static result<verifying_key> from_pem(std::string_view pem,
                                                        signature_algorithm algorithm);

    /// Big-endian numbers without a sign, as JWK has them ("n", "e").
    struct rsa_numbers {
        std::string_view modulus;
        std::string_view exponent;
    };
    [[nodiscard]] static result<verifying_key> rsa(rsa_numbers from, signature_algorithm algorithm);

    /// 32 bytes each, for es256.
    struct point {
        std::string_view x;
        std::string_view y;
    };
    [[nodiscard]] static result<verifying_key> p256(point at);

    /// 32 bytes, for eddsa.
    [[nodiscard]] static result<verifying_key> ed25519(std::string_view bytes);

    [[nodiscard]] signature_algorithm algorithm() const noexcept { return algorithm_; }

    /// es256 signatures are r and s, 32 bytes each, as JOSE has them. False for whatever is not a
    /// signature of `message`.
    [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;

private:
    friend class signing_key;
    verifying_key(std::shared_ptr<evp_pkey_st> key, signature_algorithm algorithm) noexcept
        : key_{std::move(key)}, algorithm_{algorithm}
    {}

    std::shared_ptr<evp_pkey_st> key_;
    signature_algorithm algorithm_;
};

/// Signs. A value; copies share the key, which OpenSSL wipes with the last of them; any thread.
class signing_key {
public:
    /// A private key without a password ("BEGIN PRIVATE KEY"). Errors: as verifying_key.
    [[nodiscard]] static result<signing_key> from_pem(std::string_view pem,
                                                      signature_algorithm algorithm);

    /// A new one: for tests, and for tokens that need not outlive this process and its forks.
    [[nodiscard]] static signing_key random(signature_algorithm algorithm);

    [[nodiscard]] signature_algorithm algorithm() const noexcept { return half_.algorithm(); }

    [[nodiscard]] std::string sign(std::string_view message) const;

    /// For who verifies.
    [[nodiscard]] const verifying_key& verifier() const noexcept { return half_; }

private:
    explicit signing_key(verifying_key whole) noexcept
        : half_{std::move(whole)}
    {}

    verifying_key half_;  // OpenSSL's private keys verify, too
};

}  // namespace cohort::crypto
