#include <cohort/crypto/constant_time.hpp>

#include <openssl/crypto.h>

namespace cohort::crypto {

bool constant_time_equal(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(char* bytes, std::size_t count) noexcept { OPENSSL_cleanse(bytes, count); }

}  // namespace cohort::crypto
