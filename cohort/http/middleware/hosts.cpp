#include <cohort/http/middleware/hosts.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/host_name.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/requester.hpp>
#include <cohort/http/route.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace cohort::http {

namespace {

bool matches(std::string_view allowed, std::string_view host) noexcept
{
    const auto name = host_without_port(host);
    if (allowed.starts_with('.'))
        return name.size() > allowed.size() &&
               equal_ignoring_case(name.substr(name.size() - allowed.size()), allowed);
    const bool with_port = host_without_port(allowed).size() != allowed.size();
    return equal_ignoring_case(with_port ? host : name, allowed);
}

/// By its route, or because the primary asks.
bool may_say_any(const request& of) noexcept
{
    const route* const to = of.route();
    return (to != nullptr && to->note<any_host_too>() != nullptr) || of.peer().is_own();
}

void check(const std::string& allowed)
{
    std::string_view name = allowed;
    if (name.starts_with('.'))
        name.remove_prefix(1);
    const bool suffix_with_port =
        name.size() != allowed.size() && host_without_port(name).size() != name.size();
    if (name.empty() || name.starts_with('.') || !is_host_and_port(name) || suffix_with_port)
        throw failure{fault(errc::bad_value, "allow the host", allowed)};
}

}  // namespace

hooks hosts(std::vector<std::string> allowed)
{
    std::ranges::for_each(allowed, check);
    return {.name = "hosts",
            .before = [allowed = std::move(allowed)](request& of) -> std::optional<response> {
                const auto host = host_of(of);
                const bool ours = std::ranges::any_of(
                    allowed, [host](const std::string& each) { return matches(each, host); });
                if (ours || may_say_any(of))
                    return std::nullopt;
                if (host.empty())
                    return problem(400, {}, "the request names no host");
                return problem(421, {}, "this server does not answer for that host");
            }};
}

}  // namespace cohort::http
