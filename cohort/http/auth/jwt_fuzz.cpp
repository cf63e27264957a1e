// Any bytes as a token, and any header and payload in a token that we signed: what is taken has
// everything that the rules ask for, and is the one text of what it says.

#include <cohort/base/assert.hpp>
#include <cohort/crypto/base64.hpp>
#include <cohort/http/auth/jwt.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort;

namespace {

constexpr std::int64_t now = 1'700'000'000;

const http::shared_key& key()
{
    static const http::shared_key it =
        *http::shared_key::of(crypto::secret{std::string(32, 'k')}, "k1");
    return it;
}

const http::jwt_verifier& verifier()
{
    static const http::jwt_verifier it{
        *http::shared_keys::of(key().copy()),
        {.issuer = "joe", .audience = "us", .now = [] { return now; }}};
    return it;
}

void try_token(std::string_view token)
{
    const auto parts = http::read_jws(token);
    const auto claims = verifier().verify(token);
    if (!parts) {
        COHORT_ASSERT(claims.error() == parts.error());
        return;
    }
    COHORT_ASSERT(token ==
                  std::string{parts->signed_text} + "." + crypto::to_base64url(parts->signature));
    if (!claims)
        return;
    COHORT_ASSERT(parts->algorithm == "HS256");
    COHORT_ASSERT(parts->key_id.empty() || parts->key_id == "k1");
    COHORT_ASSERT((*claims)->expires > now - 60);
    COHORT_ASSERT((*claims)->all.at("iss") == "joe");
    COHORT_ASSERT((*claims)->all.contains("aud") && (*claims)->all.contains("exp"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    try_token(text);

    // The first line as the header, the rest as the payload.
    const auto end = text.find('\n');
    if (end == std::string::npos)
        return 0;
    const std::string both = crypto::to_base64url(std::string_view{text}.substr(0, end)) + "." +
                             crypto::to_base64url(std::string_view{text}.substr(end + 1));
    try_token(both + "." + crypto::to_base64url(key().sign(both)));
    return 0;
}
