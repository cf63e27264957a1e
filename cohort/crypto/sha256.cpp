#include <cohort/crypto/sha256.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/crypto/constant_time.hpp>
#include <cohort/crypto/detail/evp.hpp>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>

namespace cohort::crypto {

using detail::octets;

digest sha256(std::string_view bytes)
{
    digest out;
    COHORT_ASSERT(EVP_Digest(bytes.data(), bytes.size(), octets(out.bytes.data()), nullptr,
                             detail::sha256(), nullptr) == 1);
    return out;
}

digest hmac_sha256(std::string_view key, std::string_view bytes)
{
    digest out;
    const detail::mac_context context{EVP_MAC_CTX_new(detail::hmac())};
    COHORT_ASSERT(context != nullptr);
    char name[] = "SHA256";
    const std::array params{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                            OSSL_PARAM_construct_end()};
    // OpenSSL takes a null key for "the same as before": an empty one must not be null.
    const char* const some_key = key.data() != nullptr ? key.data() : "";
    std::size_t length = 0;
    COHORT_ASSERT(EVP_MAC_init(context.get(), octets(some_key), key.size(), params.data()) == 1);
    COHORT_ASSERT(EVP_MAC_update(context.get(), octets(bytes.data()), bytes.size()) == 1);
    COHORT_ASSERT(
        EVP_MAC_final(context.get(), octets(out.bytes.data()), &length, out.bytes.size()) == 1);
    COHORT_ASSERT(length == out.bytes.size());
    return out;
}

std::string hkdf_sha256(const derivation& from, std::size_t count)
{
    constexpr std::size_t block = 32;
    COHORT_ASSERT(count <= 255 * block);
    const std::string no_salt(block, '\0');
    digest root =
        hmac_sha256(from.salt.empty() ? std::string_view{no_salt} : from.salt, from.secret);

    std::string out;
    out.reserve(count);
    digest last;
    for (unsigned char number = 1; out.size() < count; ++number) {
        std::string input;
        if (number > 1)
            input = last.view();
        input += from.purpose;
        input += static_cast<char>(number);
        last = hmac_sha256(root.view(), input);
        out += last.view().substr(0, std::min(block, count - out.size()));
        wipe(input.data(), input.size());
    }
    wipe(root.bytes.data(), root.bytes.size());
    wipe(last.bytes.data(), last.bytes.size());
    return out;
}

}  // namespace cohort::crypto
