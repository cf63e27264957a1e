#include <cohort/http/cookies/signed_cookies.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/http/cookies/cookie_reader.hpp>
#include <cohort/http/detail/cookie_age.hpp>

#include <utility>

namespace cohort::http {

namespace {

constexpr std::size_t time_size = 8;
constexpr std::size_t code_size = 32;

/// What is signed. The name's length comes first, so that no two pairs of name and value look
/// alike.
std::string signed_text(std::string_view name, std::string_view time_and_value)
{
    std::string text = std::to_string(name.size()) + ":";
    text += name;
    text += time_and_value;
    return text;
}

}  // namespace

signed_cookies::signed_cookies(const crypto::key_ring& keys, cookie_trust trust)
    : keys_{keys.keys_for("cohort signed cookie 1")}, trust_{std::move(trust)}
{}

void signed_cookies::set(response& into, new_cookie from) const
{
    std::string content = detail::time_bytes(trust_.now()) + from.value;
    content += keys_.sign(signed_text(from.name, content)).view();
    from.value = crypto::to_base64url(content);
    if (!from.max_age)
        from.max_age = trust_.max_age;
    set_cookie(into, from);
}

std::optional<std::string> signed_cookies::get(const request& of, std::string_view name) const
{
    const auto text = cookie(of, name);
    if (!text || text->size() > cookie_bytes_max)
        return std::nullopt;
    const auto content = crypto::from_base64url(*text);
    if (!content || content->size() < time_size + code_size)
        return std::nullopt;
    const std::string_view whole = *content;
    const auto time_and_value = whole.substr(0, whole.size() - code_size);
    if (!keys_.verify(signed_text(name, time_and_value), whole.substr(time_and_value.size())))
        return std::nullopt;
    if (!detail::holds(detail::time_of(whole.substr(0, time_size)), trust_))
        return std::nullopt;
    return std::string{time_and_value.substr(time_size)};
}

}  // namespace cohort::http
