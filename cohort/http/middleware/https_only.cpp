#include <cohort/http/middleware/https_only.hpp>

#include <cohort/http/host_name.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/requester.hpp>
#include <cohort/http/route.hpp>

#include <optional>
#include <string>

namespace cohort::http {

namespace {

response go_to_https(const request& of, const https_options& choices)
{
    const auto host = host_without_port(host_of(of));
    const bool reads = of.method() == method::get || of.method() == method::head;
    // The path begins with "/" unless it is "*", so nothing of it can become part of the host.
    if (!reads || host.empty() || !of.path().starts_with('/'))
        return problem(403, {}, "this is served over https only");
    std::string to = "https://" + std::string{host};
    if (choices.port != 443)
        to.append(":").append(std::to_string(choices.port));
    to.append(of.path());
    if (!of.query().empty())
        to.append("?").append(of.query());
    return redirect_to_other_site(to, choices.status);
}

}  // namespace

hooks https_only(https_options choices)
{
    // Said at the start if it is no redirect at all.
    static_cast<void>(redirect_to_other_site("/", choices.status));
    return {.name = "https_only", .before = [choices](request& of) -> std::optional<response> {
                const route* const to = of.route();
                const bool exempt = to != nullptr && to->note<plain_http_too>() != nullptr;
                if (exempt || scheme_of(of) == scheme::https || of.peer().is_own())
                    return std::nullopt;
                return go_to_https(of, choices);
            }};
}

}  // namespace cohort::http
