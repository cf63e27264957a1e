#include <cohort/http/auth/bearer.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace cohort::http {

namespace {

namespace bj = boost::json;

// As many as a policy looks at. Who has more is refused: one cut off could be the one that denies.
constexpr std::size_t roles_max = 64;

/// The roles, with one too many if there are more than allowed.
std::vector<std::string> roles_in(const bj::object& claims, std::string_view name)
{
    std::vector<std::string> roles;
    const bj::value* claim = claims.if_contains(name);
    if (claim == nullptr)
        return roles;
    if (const bj::array* list = claim->if_array()) {
        for (const bj::value& each : *list) {
            if (const bj::string* text = each.if_string();
                text != nullptr && roles.size() <= roles_max)
                roles.emplace_back(text->data(), text->size());
        }
    } else if (const bj::string* text = claim->if_string()) {
        std::string_view rest{text->data(), text->size()};
        while (!rest.empty() && roles.size() <= roles_max) {
            const auto end = std::min(rest.find(' '), rest.size());
            if (end > 0)
                roles.emplace_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return roles;
}

std::string challenge(const std::string& realm, std::string_view error, std::string_view why)
{
    std::string text = "Bearer realm=\"" + realm + "\"";
    if (!error.empty()) {
        text += ", error=\"" + std::string{error};
        text += "\", error_description=\"" + std::string{why} + "\"";
    }
    return text;
}

std::expected<subject, auth_refusal> check(const request& of, const jwt_verifier& by,
                                           const bearer_options& more)
{
    const auto token = credentials(of, "Bearer");
    if (!token)
        return std::unexpected(auth_refusal{.challenge = challenge(more.realm, {}, {})});
    auto claims = by.verify(*token);
    std::vector<std::string> roles;
    if (claims)
        roles = roles_in((*claims)->all, more.roles_claim);
    std::string_view why;
    if (!claims)
        why = words(claims.error());
    else if ((*claims)->subject.empty() || roles.size() > roles_max)
        why = words(token_mistake::claims);
    if (!why.empty())
        return std::unexpected(
            auth_refusal{.tried = true,
                         .challenge = challenge(more.realm, "invalid_token", why),
                         .detail = std::string{why}});
    // The claims are a part of what the verifier may remember.
    const jwt_claims& said = **claims;
    return subject{.id = said.subject,
                   .roles = std::move(roles),
                   .claims =
                       std::shared_ptr<const boost::json::object>{std::move(*claims), &said.all}};
}

}  // namespace

authenticator bearer(std::shared_ptr<const jwt_verifier> by, bearer_options more)
{
    const bool quotable =
        std::ranges::all_of(more.realm, [](char c) { return is(octet_quoted, c); });
    if (!quotable)
        throw failure{fault(make_error_code(errc::bad_value), "set up bearer", more.realm)};
    return {.name = "bearer",
            .check = [by = std::move(by), more = std::move(more)](const request& of) {
                return check(of, *by, more);
            }};
}

}  // namespace cohort::http
