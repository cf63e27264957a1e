#include <cohort/crypto/signature.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/try.hpp>
#include <cohort/crypto/detail/evp.hpp>
#include <cohort/crypto/detail/key_import.hpp>
#include <cohort/crypto/detail/raw_ecdsa.hpp>

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <optional>
#include <utility>

namespace cohort::crypto {

using detail::octets;

namespace {

using key_pointer = std::shared_ptr<evp_pkey_st>;

/// Whether the key is of the algorithm's kind and strong enough, but not so strong that verifying
/// is an attack on us.
result<key_pointer> checked(key_pointer key, signature_algorithm algorithm)
{
    const auto refused = [](std::string why) {
        return failed(errc::bad_value, "take signature key", std::move(why));
    };
    if (key == nullptr)
        return refused("it is no key of that form");
    switch (algorithm) {
        case signature_algorithm::rs256:
        case signature_algorithm::ps256: {
            const int bits = EVP_PKEY_get_bits(key.get());
            if (EVP_PKEY_is_a(key.get(), "RSA") != 1)
                return refused("it is no RSA key");
            if (bits < 2048 || bits > 8192)
                return refused("RSA keys have 2048 to 8192 bits");
            return key;
        }
        case signature_algorithm::es256:
            if (!detail::is_p256(key.get()))
                return refused("it is no P-256 key");
            return key;
        case signature_algorithm::eddsa:
            if (EVP_PKEY_is_a(key.get(), "ED25519") != 1)
                return refused("it is no Ed25519 key");
            return key;
    }
    std::unreachable();
}

/// The digest and padding of the algorithm, for a context that was just begun.
bool prepare(EVP_PKEY_CTX* context, signature_algorithm algorithm)
{
    switch (algorithm) {
        case signature_algorithm::rs256:
            return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
        case signature_algorithm::ps256:
            return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
        case signature_algorithm::es256:
        case signature_algorithm::eddsa:
            return true;
    }
    std::unreachable();
}

const char* digest_name(signature_algorithm algorithm) noexcept
{
    return algorithm == signature_algorithm::eddsa ? nullptr : "SHA256";
}

}  // namespace

std::string_view name(signature_algorithm of) noexcept
{
    switch (of) {
        case signature_algorithm::rs256:
            return "RS256";
        case signature_algorithm::ps256:
            return "PS256";
        case signature_algorithm::es256:
            return "ES256";
        case signature_algorithm::eddsa:
            return "EdDSA";
    }
    std::unreachable();
}

result<verifying_key> verifying_key::from_pem(std::string_view pem, signature_algorithm algorithm)
{
    COHORT_TRY(auto key, checked(detail::public_key_of_pem(pem), algorithm));
    return verifying_key{std::move(key), algorithm};
}

result<verifying_key> verifying_key::rsa(rsa_numbers from, signature_algorithm algorithm)
{
    COHORT_TRY(auto key, checked(detail::rsa_key(from.modulus, from.exponent), algorithm));
    return verifying_key{std::move(key), algorithm};
}

result<verifying_key> verifying_key::p256(point at)
{
    COHORT_TRY(auto key, checked(detail::p256_key(at.x, at.y), signature_algorithm::es256));
    return verifying_key{std::move(key), signature_algorithm::es256};
}

result<verifying_key> verifying_key::ed25519(std::string_view bytes)
{
    COHORT_TRY(auto key, checked(detail::ed25519_key(bytes), signature_algorithm::eddsa));
    return verifying_key{std::move(key), signature_algorithm::eddsa};
}

bool verifying_key::verify(std::string_view message, std::string_view signature) const
{
    std::string der;
    if (algorithm_ == signature_algorithm::es256) {
        auto converted = detail::der_of_raw(signature);
        if (!converted)
            return false;
        der = std::move(*converted);
        signature = der;
    }
    const detail::md_context context{EVP_MD_CTX_new()};
    COHORT_ASSERT(context != nullptr);
    EVP_PKEY_CTX* settings = nullptr;
    return EVP_DigestVerifyInit_ex(context.get(), &settings, digest_name(algorithm_), nullptr,
                                   nullptr, key_.get(), nullptr) == 1 &&
           prepare(settings, algorithm_) &&
           EVP_DigestVerify(context.get(), octets(signature.data()), signature.size(),
                            octets(message.data()), message.size()) == 1;
}

result<signing_key> signing_key::from_pem(std::string_view pem, signature_algorithm algorithm)
{
    COHORT_TRY(auto key, checked(detail::private_key_of_pem(pem), algorithm));
    return signing_key{verifying_key{std::move(key), algorithm}};
}

signing_key signing_key::random(signature_algorithm algorithm)
{
    EVP_PKEY* made = nullptr;
    switch (algorithm) {
        case signature_algorithm::rs256:
        case signature_algorithm::ps256:
            made = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
            break;
        case signature_algorithm::es256:
            made = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
            break;
        case signature_algorithm::eddsa:
            made = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
            break;
    }
    COHORT_ASSERT(made != nullptr);
    return signing_key{verifying_key{key_pointer{made, EVP_PKEY_free}, algorithm}};
}

std::string signing_key::sign(std::string_view message) const
{
    const detail::md_context context{EVP_MD_CTX_new()};
    COHORT_ASSERT(context != nullptr);
    EVP_PKEY_CTX* settings = nullptr;
    COHORT_ASSERT(EVP_DigestSignInit_ex(context.get(), &settings, digest_name(algorithm()), nullptr,
                                        nullptr, half_.key_.get(), nullptr) == 1);
    COHORT_ASSERT(prepare(settings, algorithm()));
    std::size_t length = 0;
    COHORT_ASSERT(EVP_DigestSign(context.get(), nullptr, &length, octets(message.data()),
                                 message.size()) == 1);
    std::string signature(length, '\0');
    COHORT_ASSERT(EVP_DigestSign(context.get(), octets(signature.data()), &length,
                                 octets(message.data()), message.size()) == 1);
    signature.resize(length);
    return algorithm() == signature_algorithm::es256 ? detail::raw_of_der(signature) : signature;
}

}  // namespace cohort::crypto
