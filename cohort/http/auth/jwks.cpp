#include <cohort/http/auth/jwks.hpp>

#include <cohort/base/try.hpp>
#include <cohort/crypto/base64.hpp>
#include <cohort/http/json.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace cohort::http {

namespace {

namespace bj = boost::json;
using crypto::signature_algorithm;
using crypto::verifying_key;

constexpr std::size_t id_bytes_max = 256;
constexpr std::string_view private_members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

std::unexpected<fault> refused(std::string why)
{
    return failed(errc::bad_value, "read key set", std::move(why));
}

std::string_view view(const bj::string& text) { return {text.data(), text.size()}; }

/// A member that is a text or absent (empty). Errors: it is something else.
result<std::string_view> text_in(const bj::object& key, std::string_view name)
{
    const bj::value* member = key.if_contains(name);
    if (member == nullptr)
        return std::string_view{};
    const bj::string* text = member->if_string();
    if (text == nullptr)
        return refused(std::string{name} + " is no text");
    return view(*text);
}

result<std::string> number_in(const bj::object& key, std::string_view name)
{
    COHORT_TRY(const auto text, text_in(key, name));
    auto bytes = crypto::from_base64url(text);
    if (!bytes || bytes->empty())
        return refused(std::string{name} + " is missing or no base64url");
    return std::move(*bytes);
}

/// Whether the key may be used to verify.
result<bool> is_for_signatures(const bj::object& key)
{
    COHORT_TRY(const auto use, text_in(key, "use"));
    if (!use.empty() && use != "sig")
        return false;
    const bj::value* deeds = key.if_contains("key_ops");
    if (deeds == nullptr)
        return true;
    const bj::array* list = deeds->if_array();
    if (list == nullptr)
        return refused("key_ops is no list");
    return std::ranges::any_of(*list, [](const bj::value& each) {
        const bj::string* text = each.if_string();
        return text != nullptr && view(*text) == "verify";
    });
}

result<std::optional<verifying_key>> rsa_key(const bj::object& from, std::string_view algorithm,
                                             const jwks_options& more)
{
    auto chosen = more.rsa_without_algorithm;
    if (algorithm == "RS256")
        chosen = signature_algorithm::rs256;
    else if (algorithm == "PS256")
        chosen = signature_algorithm::ps256;
    else if (!algorithm.empty())
        return std::nullopt;
    if (!chosen)
        return refused("an RSA key does not name its algorithm");
    COHORT_TRY(const auto modulus, number_in(from, "n"));
    COHORT_TRY(const auto exponent, number_in(from, "e"));
    // RFC 7518, 6.3.1.1: the fewest octets that hold the number.
    if (modulus.front() == '\0' || exponent.front() == '\0')
        return refused("an RSA number begins with zero");
    return verifying_key::rsa({.modulus = modulus, .exponent = exponent}, *chosen);
}

result<std::optional<verifying_key>> curve_key(const bj::object& from, std::string_view algorithm)
{
    COHORT_TRY(const auto curve, text_in(from, "crv"));
    if (curve == "P-256" && (algorithm.empty() || algorithm == "ES256")) {
        COHORT_TRY(const auto x, number_in(from, "x"));
        COHORT_TRY(const auto y, number_in(from, "y"));
        return verifying_key::p256({.x = x, .y = y});
    }
    // RFC 9864 names it anew.
    const bool edwards = algorithm.empty() || algorithm == "EdDSA" || algorithm == "Ed25519";
    if (curve == "Ed25519" && edwards) {
        COHORT_TRY(const auto x, number_in(from, "x"));
        return verifying_key::ed25519(x);
    }
    return std::nullopt;
}

/// One key, or nothing if it is none for us.
result<std::optional<public_key>> key_of(const bj::value& from, const jwks_options& more)
{
    const bj::object* key = from.if_object();
    if (key == nullptr)
        return refused("a key is no object");
    COHORT_TRY(const auto kind, text_in(*key, "kty"));
    COHORT_TRY(const auto algorithm, text_in(*key, "alg"));
    COHORT_TRY(const auto id, text_in(*key, "kid"));
    if (kind == "oct")
        return refused("a shared key stands in it");
    for (const auto name : private_members) {
        if (key->contains(name))
            return refused("a private key stands in it");
    }
    if (id.size() > id_bytes_max)
        return refused("a key id is too long");
    COHORT_TRY(const bool fits, is_for_signatures(*key));
    if (!fits)
        return std::nullopt;
    std::optional<verifying_key> made;
    if (kind == "RSA") {
        COHORT_TRY(made, rsa_key(*key, algorithm, more));
    } else if (kind == "EC" || kind == "OKP") {
        COHORT_TRY(made, curve_key(*key, algorithm));
    }
    if (!made)
        return std::nullopt;
    return public_key{.id = std::string{id}, .key = std::move(*made)};
}

}  // namespace

result<public_keys> read_jwks(std::string_view text, jwks_options more)
{
    if (text.size() > jwks_bytes_max)
        return failed(errc::too_large, "read key set");
    const auto document = parse_json(text);
    if (!document)
        return failed(errc::malformed, "read key set", document.error().what);
    const bj::object* whole = document->if_object();
    const bj::value* member = whole != nullptr ? whole->if_contains("keys") : nullptr;
    const bj::array* list = member != nullptr ? member->if_array() : nullptr;
    if (list == nullptr)
        return refused("it has no list `keys`");
    std::vector<public_key> keys;
    for (const bj::value& each : *list) {
        COHORT_TRY(auto key, key_of(each, more));
        if (key)
            keys.push_back(std::move(*key));
    }
    const bool unnamed =
        std::ranges::any_of(keys, [](const auto& each) { return each.id.empty(); });
    if (unnamed && keys.size() > 1)
        return refused("of several keys one has no kid");
    return public_keys::of(std::move(keys));
}

}  // namespace cohort::http
