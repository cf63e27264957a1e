#include <cohort/http/auth/api_keys.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/constant_time.hpp>
#include <cohort/crypto/hex.hpp>
#include <cohort/crypto/random_bytes.hpp>
#include <cohort/crypto/sha256.hpp>
#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

namespace {

constexpr std::size_t keys_max = 100'000;
constexpr std::size_t key_bytes_max = 128;
constexpr std::size_t id_bytes = 9;  // 12 letters
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t prefix_bytes_max = 16;

bool is_prefix(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= prefix_bytes_max &&
           std::ranges::all_of(text,
                               [](char c) { return (c >= 'a' && c <= 'z') || is(octet_digit, c); });
}

/// "shop_k3J9xxxxxxxx": what stands before the secret. The id's own letters may have "_" among
/// them, so it is cut by its length.
std::string_view id_of(std::string_view key)
{
    const auto end = key.find('_');
    if (end == std::string_view::npos)
        return {};
    const std::size_t whole = end + 1 + id_bytes / 3 * 4;
    if (key.size() <= whole || key[whole] != '_')
        return {};
    return key.substr(0, whole);
}

/// As make_api_key() makes them.
bool is_id(const std::string& id)
{
    const auto end = std::min(id.find('_'), id.size());
    const auto letters =
        crypto::from_base64url(std::string_view{id}.substr(std::min(end + 1, id.size())));
    return is_prefix(std::string_view{id}.substr(0, end)) && letters && letters->size() == id_bytes;
}

}  // namespace

new_api_key make_api_key(std::string_view prefix)
{
    COHORT_ASSERT(is_prefix(prefix));
    new_api_key made;
    made.id = std::string{prefix} + "_" + crypto::to_base64url(crypto::random_bytes(id_bytes));
    made.text = made.id + "_" + crypto::to_base64url(crypto::random_bytes(secret_bytes));
    made.hash = crypto::to_hex(crypto::sha256(made.text).view());
    return made;
}

result<> api_key_table::add(const std::string& id, std::string_view hash, subject owner)
{
    const auto bytes = crypto::from_hex(hash);
    entry made{.hash = {}, .owner = std::move(owner)};
    if (!is_id(id) || !bytes || bytes->size() != made.hash.bytes.size())
        return failed(errc::bad_value, "add API key", id);
    if (keys_.size() >= keys_max)
        return failed(errc::too_large, "add API key", id);
    std::ranges::copy(*bytes, made.hash.bytes.begin());
    if (!keys_.emplace(id, std::move(made)).second)
        return failed(errc::bad_value, "add API key", id + " is there already");
    return {};
}

const subject* api_key_table::find(std::string_view key) const
{
    static const crypto::digest nobody{};
    if (key.size() > key_bytes_max)
        return nullptr;
    const auto at = keys_.find(id_of(key));
    const bool known = at != keys_.end();
    const auto hash = crypto::sha256(key);
    const bool same =
        crypto::constant_time_equal(hash.view(), (known ? at->second.hash : nobody).view());
    return known && same ? &at->second.owner : nullptr;
}

authenticator api_keys(std::shared_ptr<const api_key_table> keys, api_key_options more)
{
    return api_keys([keys = std::move(keys)] { return keys; }, std::move(more));
}

authenticator api_keys(std::function<std::shared_ptr<const api_key_table>()> keys_of_now,
                       api_key_options more)
{
    const bool quotable =
        std::ranges::all_of(more.realm, [](char c) { return is(octet_quoted, c); });
    if (!quotable || !(more.header.empty() || is_token(more.header)))
        throw failure{fault(make_error_code(errc::bad_value), "set up API keys", more.realm)};
    auto check = [keys = std::move(keys_of_now), more = std::move(more)](
                     const request& of) -> std::expected<subject, auth_refusal> {
        auto key = credentials(of, "ApiKey");
        if (!key && !more.header.empty())
            key = of.header(more.header);
        const auto table = keys();
        const subject* owner = key ? table->find(*key) : nullptr;
        if (owner != nullptr)
            return *owner;
        return std::unexpected(auth_refusal{.tried = key.has_value(),
                                            .challenge = "ApiKey realm=\"" + more.realm + "\"",
                                            .detail = key ? "no such API key" : ""});
    };
    return {.name = "api_keys", .check = std::move(check)};
}

}  // namespace cohort::http
