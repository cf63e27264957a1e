#include <cohort/crypto/detail/raw_ecdsa.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/crypto/detail/evp.hpp>

#include <openssl/bn.h>
#include <openssl/ec.h>

namespace cohort::crypto::detail {

namespace {

constexpr std::size_t half = 32;

using signature = owned<ECDSA_SIG, ECDSA_SIG_free>;
using number = owned<BIGNUM, BN_free>;

}  // namespace

std::optional<std::string> der_of_raw(std::string_view raw)
{
    if (raw.size() != 2 * half)
        return std::nullopt;
    number r{BN_bin2bn(octets(raw.data()), half, nullptr)};
    number s{BN_bin2bn(octets(raw.data()) + half, half, nullptr)};
    const signature both{ECDSA_SIG_new()};
    COHORT_ASSERT(r != nullptr && s != nullptr && both != nullptr);
    if (BN_is_zero(r.get()) || BN_is_zero(s.get()))
        return std::nullopt;
    COHORT_ASSERT(ECDSA_SIG_set0(both.get(), r.release(), s.release()) == 1);

    const int length = i2d_ECDSA_SIG(both.get(), nullptr);
    COHORT_ASSERT(length > 0);
    std::string der(static_cast<std::size_t>(length), '\0');
    unsigned char* end = octets(der.data());
    COHORT_ASSERT(i2d_ECDSA_SIG(both.get(), &end) == length);
    return der;
}

std::string raw_of_der(std::string_view der)
{
    const unsigned char* end = octets(der.data());
    const signature both{d2i_ECDSA_SIG(nullptr, &end, static_cast<long>(der.size()))};
    COHORT_ASSERT(both != nullptr);
    std::string raw(2 * half, '\0');
    constexpr int width = half;
    COHORT_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), octets(raw.data()), width) == width);
    COHORT_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), octets(raw.data()) + half, width) ==
                  width);
    return raw;
}

}  // namespace cohort::crypto::detail
