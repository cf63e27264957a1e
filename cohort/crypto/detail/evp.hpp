#pragma once
// Owners for what OpenSSL hands out, and its algorithms, looked up once.

#include <cohort/base/assert.hpp>

#include <openssl/evp.h>

#include <memory>

namespace cohort::crypto::detail {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* what) const noexcept
    {
        Free(what);
    }
};

template <class T, auto Free>
using owned = std::unique_ptr<T, freed_by<Free>>;

using md_context = owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using mac_context = owned<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using cipher_context = owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using pkey_context = owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

// A fetch costs more than a digest. They live as long as the process: OpenSSL's own end comes
// before that of our statics.
[[nodiscard]] inline const EVP_MD* sha256()
{
    static const EVP_MD* const it = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    COHORT_ASSERT(it != nullptr);
    return it;
}

[[nodiscard]] inline EVP_MAC* hmac()
{
    static EVP_MAC* const it = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    COHORT_ASSERT(it != nullptr);
    return it;
}

[[nodiscard]] inline const EVP_CIPHER* aes_256_gcm()
{
    static const EVP_CIPHER* const it = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    COHORT_ASSERT(it != nullptr);
    return it;
}

[[nodiscard]] inline const unsigned char* octets(const char* bytes) noexcept
{
    return reinterpret_cast<const unsigned char*>(bytes);
}
[[nodiscard]] inline unsigned char* octets(char* bytes) noexcept
{
    return reinterpret_cast<unsigned char*>(bytes);
}

}  // namespace cohort::crypto::detail
