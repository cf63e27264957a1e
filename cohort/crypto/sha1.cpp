#include <cohort/crypto/sha1.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/crypto/detail/evp.hpp>

namespace cohort::crypto {

std::array<char, 20> sha1(std::string_view bytes)
{
    std::array<char, 20> out{};
    COHORT_ASSERT(EVP_Digest(bytes.data(), bytes.size(), detail::octets(out.data()), nullptr,
                             EVP_sha1(), nullptr) == 1);
    return out;
}

}  // namespace cohort::crypto
