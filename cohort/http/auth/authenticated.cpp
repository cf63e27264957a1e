#include <cohort/http/auth/authenticated.hpp>

#include <cohort/http/auth/permission.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/kit_refusals.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/route.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cohort::http {

namespace {

response refused(const std::vector<auth_refusal>& reasons)
{
    // What was tried and failed explains more than what was not tried.
    std::string_view detail = "say who you are";
    for (const auth_refusal& each : reasons) {
        if (each.tried && !each.detail.empty())
            detail = each.detail;
    }
    response answer = problem(401, {}, detail);
    for (const auth_refusal& each : reasons)
        answer.add_header("WWW-Authenticate", each.challenge);
    return answer;
}

/// Who has to choose between two may choose another one than the proxy in front did.
bool is_there_twice(const request& of, std::string_view name)
{
    bool found = false;
    for (std::size_t i = 0; i < of.top().fields_count(); ++i) {
        if (!equal_ignoring_case(of.top().field(i).name, name))
            continue;
        if (found)
            return true;
        found = true;
    }
    return false;
}

std::optional<response> judge(request& of, const std::vector<authenticator>& ways)
{
    if (is_there_twice(of, "Authorization"))
        return problem(400, {}, "Authorization is there twice");
    std::vector<auth_refusal> reasons;
    for (const authenticator& each : ways) {
        auto found = each.check(of);
        if (found) {
            of.attach(std::move(*found));
            return std::nullopt;
        }
        reasons.push_back(std::move(found).error());
    }
    if (is_for_all(of))
        return std::nullopt;
    if (std::ranges::any_of(reasons, &auth_refusal::tried))
        ++kit_refusals::here().credentials;
    return refused(reasons);
}

/// Caches know of Authorization; of X-API-Key and fields of your own they know nothing.
void keep_from_caches(const request& of, response& answer)
{
    if (of.attached<subject>() != nullptr && !answer.header("Cache-Control"))
        answer.add_header("Cache-Control", "no-store");
}

}  // namespace

hooks authenticated(std::vector<authenticator> ways)
{
    return {.name = "authenticated",
            .before = [ways = std::move(ways)](request& of) { return judge(of, ways); },
            .after = keep_from_caches};
}

hooks authenticated(authenticator way)
{
    std::vector<authenticator> one;
    one.push_back(std::move(way));
    return authenticated(std::move(one));
}

std::optional<std::string_view> credentials(const request& of, std::string_view scheme) noexcept
{
    const auto field = of.header("Authorization");
    if (!field || field->size() <= scheme.size() || (*field)[scheme.size()] != ' ' ||
        !equal_ignoring_case(field->substr(0, scheme.size()), scheme))
        return std::nullopt;
    return trim(field->substr(scheme.size()));
}

}  // namespace cohort::http
