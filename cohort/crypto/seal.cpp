#include <cohort/crypto/seal.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/crypto/constant_time.hpp>
#include <cohort/crypto/detail/evp.hpp>
#include <cohort/crypto/random_bytes.hpp>
#include <cohort/crypto/sha256.hpp>

#include <limits>

namespace cohort::crypto {

using detail::octets;

namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

/// The key of one text, gone when it is done.
struct message_key {
    message_key(std::string_view key, std::string_view salt)
    {
        COHORT_ASSERT(key.size() == key_bytes);
        std::string input = "cohort seal 1";
        input += salt;
        code = hmac_sha256(key, input);
    }
    message_key(const message_key&) = delete;
    message_key& operator=(const message_key&) = delete;
    ~message_key() { wipe(code.bytes.data(), code.bytes.size()); }

    digest code;
};

int length_of(std::string_view text)
{
    COHORT_ASSERT(text.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    return static_cast<int>(text.size());
}

}  // namespace

std::string seal(std::string_view key, const sealing& what)
{
    std::string out(seal_overhead + what.plain.size(), '\0');
    fill_random(out.data(), salt_bytes + nonce_bytes);
    const message_key mine{key, std::string_view{out}.substr(0, salt_bytes)};
    unsigned char* const nonce = octets(out.data()) + salt_bytes;
    unsigned char* const body = nonce + nonce_bytes;

    const detail::cipher_context context{EVP_CIPHER_CTX_new()};
    COHORT_ASSERT(context != nullptr);
    EVP_CIPHER_CTX* const c = context.get();
    int written = 0;
    COHORT_ASSERT(EVP_EncryptInit_ex2(c, detail::aes_256_gcm(), octets(mine.code.bytes.data()),
                                      nonce, nullptr) == 1);
    COHORT_ASSERT(EVP_EncryptUpdate(c, nullptr, &written, octets(what.place.data()),
                                    length_of(what.place)) == 1);
    COHORT_ASSERT(EVP_EncryptUpdate(c, body, &written, octets(what.plain.data()),
                                    length_of(what.plain)) == 1);
    unsigned char* const tag = body + what.plain.size();
    COHORT_ASSERT(EVP_EncryptFinal_ex(c, tag, &written) == 1);
    COHORT_ASSERT(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag) == 1);
    return out;
}

std::optional<std::string> open(std::string_view key, std::string_view sealed,
                                std::string_view place)
{
    if (sealed.size() < seal_overhead)
        return std::nullopt;
    const message_key mine{key, sealed.substr(0, salt_bytes)};
    const auto nonce = sealed.substr(salt_bytes, nonce_bytes);
    const auto body = sealed.substr(salt_bytes + nonce_bytes, sealed.size() - seal_overhead);
    std::string tag{sealed.substr(sealed.size() - tag_bytes)};

    const detail::cipher_context context{EVP_CIPHER_CTX_new()};
    COHORT_ASSERT(context != nullptr);
    EVP_CIPHER_CTX* const c = context.get();
    std::string plain(body.size() + tag_bytes, '\0');
    int written = 0;
    const bool good =
        EVP_DecryptInit_ex2(c, detail::aes_256_gcm(), octets(mine.code.bytes.data()),
                            octets(nonce.data()), nullptr) == 1 &&
        EVP_DecryptUpdate(c, nullptr, &written, octets(place.data()), length_of(place)) == 1 &&
        EVP_DecryptUpdate(c, octets(plain.data()), &written, octets(body.data()),
                          length_of(body)) == 1 &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(c, octets(plain.data()) + body.size(), &written) == 1;
    if (!good) {
        wipe(plain.data(), plain.size());
        return std::nullopt;
    }
    plain.resize(body.size());
    return plain;
}

}  // namespace cohort::crypto
