#include <cohort/crypto/detail/key_import.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/crypto/detail/evp.hpp>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <array>
#include <string>

namespace cohort::crypto::detail {

namespace {

using key_pointer = std::shared_ptr<evp_pkey_st>;
using memory = owned<BIO, BIO_free_all>;
using number = owned<BIGNUM, BN_free>;
using builder = owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using parameters = owned<OSSL_PARAM, OSSL_PARAM_free>;

constexpr std::size_t pem_bytes_max = 65'536;
constexpr std::size_t modulus_bytes_max = 1024;
constexpr std::size_t exponent_bytes_max = 8;
constexpr std::size_t coordinate_bytes = 32;

key_pointer kept(EVP_PKEY* key)
{
    // What OpenSSL disliked about a stranger's key is not to be found by who asks it next.
    ERR_clear_error();
    return {key, EVP_PKEY_free};
}

memory reader(std::string_view pem)
{
    if (pem.size() > pem_bytes_max)
        return nullptr;
    return memory{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
}

key_pointer imported(const char* kind, OSSL_PARAM* from)
{
    const pkey_context context{EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr)};
    COHORT_ASSERT(context != nullptr);
    EVP_PKEY* made = nullptr;
    if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, from) != 1)
        return kept(nullptr);
    return kept(made);
}

/// Nobody is there to type a password.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

key_pointer public_key_of_pem(std::string_view pem)
{
    const memory text = reader(pem);
    return text ? kept(PEM_read_bio_PUBKEY(text.get(), nullptr, no_password, nullptr)) : nullptr;
}

key_pointer private_key_of_pem(std::string_view pem)
{
    const memory text = reader(pem);
    return text ? kept(PEM_read_bio_PrivateKey(text.get(), nullptr, no_password, nullptr))
                : nullptr;
}

key_pointer rsa_key(std::string_view modulus, std::string_view exponent)
{
    if (modulus.size() > modulus_bytes_max || exponent.empty() ||
        exponent.size() > exponent_bytes_max)
        return nullptr;
    const number n{BN_bin2bn(octets(modulus.data()), static_cast<int>(modulus.size()), nullptr)};
    const number e{BN_bin2bn(octets(exponent.data()), static_cast<int>(exponent.size()), nullptr)};
    COHORT_ASSERT(n != nullptr && e != nullptr);
    if (!BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_is_one(e.get()))
        return nullptr;

    const builder parts{OSSL_PARAM_BLD_new()};
    COHORT_ASSERT(parts != nullptr);
    COHORT_ASSERT(OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1);
    COHORT_ASSERT(OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
    const parameters whole{OSSL_PARAM_BLD_to_param(parts.get())};
    COHORT_ASSERT(whole != nullptr);
    return imported("RSA", whole.get());
}

key_pointer p256_key(std::string_view x, std::string_view y)
{
    if (x.size() != coordinate_bytes || y.size() != coordinate_bytes)
        return nullptr;
    std::string point = "\x04";  // not compressed
    point += x;
    point += y;
    char group[] = "prime256v1";
    std::array params{
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
        OSSL_PARAM_construct_end()};
    auto key = imported("EC", params.data());
    if (key == nullptr)
        return nullptr;
    const pkey_context context{EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr)};
    COHORT_ASSERT(context != nullptr);
    const bool on_curve = EVP_PKEY_public_check(context.get()) == 1;
    ERR_clear_error();
    return on_curve ? key : nullptr;
}

key_pointer ed25519_key(std::string_view bytes)
{
    return kept(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets(bytes.data()),
                                               bytes.size()));
}

bool is_p256(const evp_pkey_st* key)
{
    std::array<char, 64> group{};
    std::size_t length = 0;
    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) == 1 &&
           std::string_view{group.data(), length} == "prime256v1";
}

}  // namespace cohort::crypto::detail
