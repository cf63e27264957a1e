// Any bytes as a JWK Set: what is taken has keys that can be used, and no two of one name.

#include <cohort/base/assert.hpp>
#include <cohort/http/auth/jwks.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    const auto keys = http::read_jwks(text);
    if (!keys) {
        COHORT_ASSERT(!keys.error().text().empty());
        return 0;
    }
    COHORT_ASSERT(!keys->all().empty() && keys->all().size() <= http::jwt_keys_max);
    for (const http::public_key& each : keys->all())
        COHORT_ASSERT(!each.key.verify("message", "signature"));
    return 0;
}
