#include <cohort/http/cookies/sealed_cookies.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/http/cookies/cookie_reader.hpp>
#include <cohort/http/detail/cookie_age.hpp>

#include <utility>

namespace cohort::http {

namespace {
constexpr std::size_t time_size = 8;
}

sealed_cookies::sealed_cookies(const crypto::key_ring& keys, cookie_trust trust)
    : keys_{keys.keys_for("cohort sealed cookie 1")}, trust_{std::move(trust)}
{}

void sealed_cookies::set(response& into, new_cookie from) const
{
    const std::string content = detail::time_bytes(trust_.now()) + from.value;
    from.value = crypto::to_base64url(keys_.seal({.plain = content, .place = from.name}));
    if (!from.max_age)
        from.max_age = trust_.max_age;
    set_cookie(into, from);
}

std::optional<std::string> sealed_cookies::get(const request& of, std::string_view name) const
{
    const auto text = cookie(of, name);
    if (!text || text->size() > cookie_bytes_max)
        return std::nullopt;
    const auto sealed = crypto::from_base64url(*text);
    if (!sealed)
        return std::nullopt;
    const auto opened = keys_.open(*sealed, name);
    if (!opened || opened->plain.size() < time_size)
        return std::nullopt;
    const std::string_view content = opened->plain;
    if (!detail::holds(detail::time_of(content.substr(0, time_size)), trust_))
        return std::nullopt;
    return std::string{content.substr(time_size)};
}

}  // namespace cohort::http
