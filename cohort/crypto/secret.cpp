#include <cohort/crypto/secret.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/constant_time.hpp>
#include <cohort/crypto/hex.hpp>
#include <cohort/crypto/random_bytes.hpp>

#include <optional>
#include <string>
#include <utility>

namespace cohort::crypto {

namespace {

result<secret> kept(std::optional<std::string> decoded)
{
    if (!decoded)
        return failed(errc::bad_value, "read secret", "it is not written as its prefix says");
    secret out{*decoded};
    wipe(decoded->data(), decoded->size());
    return out;
}

}  // namespace

secret& secret::operator=(secret&& other) noexcept
{
    if (this != &other) {
        forget();
        bytes_ = std::move(other.bytes_);
    }
    return *this;
}

secret::~secret() { forget(); }

void secret::forget() noexcept { wipe(bytes_.data(), bytes_.size()); }

secret secret::random(std::size_t count)
{
    secret out{std::string_view{}};
    out.bytes_.resize(count);
    fill_random(out.bytes_.data(), count);
    return out;
}

result<secret> secret::parse(std::string_view text)
{
    const auto colon = text.find(':');
    const auto kind = text.substr(0, colon);
    const auto rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    if (kind == "hex")
        return kept(from_hex(rest));
    if (kind == "base64") {
        auto usual = from_base64(rest);
        return kept(usual ? std::move(usual) : from_base64url(rest));
    }
    if (kind == "text" && colon != std::string_view::npos)
        return secret{rest};
    return failed(errc::bad_value, "read secret", "it must begin with hex:, base64: or text:");
}

}  // namespace cohort::crypto
