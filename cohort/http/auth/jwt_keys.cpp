#include <cohort/http/auth/jwt_keys.hpp>

#include <cohort/crypto/constant_time.hpp>
#include <cohort/crypto/sha256.hpp>
#include <cohort/http/auth/jws.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

/// `kid` does nothing but this: it picks among keys that are here already.
bool is_meant(std::string_view id, const jws& token)
{
    return id.empty() || token.key_id.empty() || id == token.key_id;
}

}  // namespace

result<public_keys> public_keys::of(std::vector<public_key> keys)
{
    if (keys.empty() || keys.size() > jwt_keys_max)
        return failed(errc::bad_value, "make key set", "it takes 1 to 32 public keys");
    for (auto each = keys.begin(); each != keys.end(); ++each) {
        const auto same = [each](const public_key& other) {
            return other.id == each->id && other.key.algorithm() == each->key.algorithm();
        };
        if (!each->id.empty() && std::any_of(keys.begin(), each, same))
            return failed(errc::bad_value, "make key set", "two keys are called " + each->id);
    }
    return public_keys{std::move(keys)};
}

public_keys::outcome public_keys::verify(const jws& token) const
{
    outcome so_far = outcome::no_key;
    for (const public_key& each : keys_) {
        if (!is_meant(each.id, token) || crypto::name(each.key.algorithm()) != token.algorithm)
            continue;
        if (each.key.verify(token.signed_text, token.signature))
            return outcome::verified;
        so_far = outcome::wrong;
    }
    return so_far;
}

result<shared_key> shared_key::of(crypto::secret secret, std::string id)
{
    if (secret.view().size() < 32)
        return failed(errc::bad_value, "make shared key", "it has fewer than 32 bytes");
    return shared_key{std::move(secret), std::move(id)};
}

std::string shared_key::sign(std::string_view text) const
{
    return std::string{crypto::hmac_sha256(secret_.view(), text).view()};
}

bool shared_key::verify(std::string_view text, std::string_view signature) const
{
    return crypto::constant_time_equal(crypto::hmac_sha256(secret_.view(), text).view(), signature);
}

result<shared_keys> shared_keys::of(std::vector<shared_key> keys)
{
    if (keys.empty() || keys.size() > jwt_keys_max)
        return failed(errc::bad_value, "make key set", "it takes 1 to 32 shared keys");
    return shared_keys{std::move(keys)};
}

result<shared_keys> shared_keys::of(shared_key one)
{
    std::vector<shared_key> keys;
    keys.push_back(std::move(one));
    return of(std::move(keys));
}

public_keys::outcome shared_keys::verify(const jws& token) const
{
    auto so_far = public_keys::outcome::no_key;
    for (const shared_key& each : keys_) {
        if (!is_meant(each.id(), token) || token.algorithm != "HS256")
            continue;
        if (each.verify(token.signed_text, token.signature))
            return public_keys::outcome::verified;
        so_far = public_keys::outcome::wrong;
    }
    return so_far;
}

}  // namespace cohort::http
