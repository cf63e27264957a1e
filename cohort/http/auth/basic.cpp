#include <cohort/http/auth/basic.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/constant_time.hpp>
#include <cohort/crypto/sha256.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/requester.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

namespace {

constexpr std::size_t password_bytes_min = 20;
constexpr std::size_t credentials_bytes_max = 1024;

std::expected<subject, auth_refusal> check(const request& of, const basic_table& known,
                                           const basic_options& more)
{
    auth_refusal no{.challenge = "Basic realm=\"" + more.realm + "\", charset=\"UTF-8\""};
    const auto sent = credentials(of, "Basic");
    if (!sent)
        return std::unexpected(std::move(no));
    no.tried = true;
    if (!more.also_without_encryption && scheme_of(of) != scheme::https) {
        no.detail = "passwords are taken over TLS alone";
        return std::unexpected(std::move(no));
    }
    no.detail = "name or password is wrong";
    if (sent->size() > credentials_bytes_max)
        return std::unexpected(std::move(no));
    const auto text = crypto::from_base64(*sent);
    const auto colon = text ? text->find(':') : std::string::npos;
    if (colon == std::string::npos)
        return std::unexpected(std::move(no));
    const std::string_view both = *text;
    const subject* who = known.find(both.substr(0, colon), both.substr(colon + 1));
    if (who == nullptr)
        return std::unexpected(std::move(no));
    return *who;
}

}  // namespace

result<> basic_table::add(const std::string& name, std::string_view password, subject who)
{
    if (name.empty() || name.find(':') != std::string::npos)
        return failed(errc::bad_value, "add user", "a name is not empty and has no colon");
    if (password.size() < password_bytes_min)
        return failed(errc::bad_value, "add user", name + ": fewer than 20 bytes of password");
    if (!all_.emplace(name, entry{crypto::sha256(password), std::move(who)}).second)
        return failed(errc::bad_value, "add user", name + " is there already");
    return {};
}

const subject* basic_table::find(std::string_view name, std::string_view password) const
{
    static const crypto::digest nobody{};
    const auto at = all_.find(name);
    const bool known = at != all_.end();
    const auto hash = crypto::sha256(password);
    const bool same =
        crypto::constant_time_equal(hash.view(), (known ? at->second.hash : nobody).view());
    return known && same ? &at->second.who : nullptr;
}

authenticator basic(std::shared_ptr<const basic_table> known, basic_options more)
{
    const bool quotable =
        std::ranges::all_of(more.realm, [](char c) { return is(octet_quoted, c); });
    if (!quotable)
        throw failure{fault(make_error_code(errc::bad_value), "set up basic", more.realm)};
    return {.name = "basic",
            .check = [known = std::move(known), more = std::move(more)](const request& of) {
                return check(of, *known, more);
            }};
}

}  // namespace cohort::http
