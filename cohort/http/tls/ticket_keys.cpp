#include <cohort/http/tls/ticket_keys.hpp>

#include <cohort/base/assert.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace cohort::http::tls {

namespace {

using block = std::array<unsigned char, 32>;

std::uint64_t hour_of(steady_time now) noexcept
{
    using std::chrono::hours;
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<hours>(now.time_since_epoch()).count());
}

/// One step of HKDF-Expand (RFC 5869): each purpose has its own bytes, and none tells of another.
block expand(const block& secret, std::string_view purpose) noexcept
{
    block out{};
    unsigned length = 0;
    const unsigned char* const made =
        HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(), out.data(),
             &length);
    COHORT_ASSERT(made != nullptr && length == out.size());
    return out;
}

}  // namespace

ticket_secret ticket_secret::make(steady_time now)
{
    ticket_secret fresh;
    const int done = RAND_priv_bytes(fresh.bytes.data(), static_cast<int>(fresh.bytes.size()));
    COHORT_ASSERT(done == 1);
    fresh.hour = hour_of(now);
    return fresh;
}

ticket_keys::ticket_keys(const ticket_secret& first) noexcept
    : secret_{first.bytes}, hour_{first.hour}
{
    derive(keys_[0]);
}

ticket_keys::~ticket_keys()
{
    OPENSSL_cleanse(secret_.data(), secret_.size());
    OPENSSL_cleanse(keys_.data(), sizeof keys_);
}

void ticket_keys::derive(key& into) const noexcept
{
    const block name = expand(secret_, "cohort ticket name\1");
    std::ranges::copy_n(name.begin(), into.name.size(), into.name.begin());
    into.cipher = expand(secret_, "cohort ticket cipher\1");
    into.mac = expand(secret_, "cohort ticket mac\1");
}

void ticket_keys::move_on(steady_time now) noexcept
{
    for (const std::uint64_t to = hour_of(now); hour_ < to; ++hour_) {
        secret_ = expand(secret_, "cohort ticket hour\1");
        std::ranges::copy_backward(keys_.begin(), keys_.end() - 1, keys_.end());
        derive(keys_[0]);
        known_ = std::min(known_ + 1, accepted);
    }
}

const ticket_keys::key& ticket_keys::current(steady_time now) noexcept
{
    move_on(now);
    return keys_[0];
}

ticket_keys::found ticket_keys::find(std::span<const unsigned char, 16> name,
                                     steady_time now) noexcept
{
    move_on(now);
    for (std::size_t age = 0; age < known_; ++age) {
        if (std::ranges::equal(keys_[age].name, name))
            return {&keys_[age], age == 0};
    }
    return {nullptr, false};
}

}  // namespace cohort::http::tls
