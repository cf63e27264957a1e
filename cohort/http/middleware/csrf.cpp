#include <cohort/http/middleware/csrf.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/kit_refusals.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/route.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace cohort::http {

namespace {

struct origin_parts {
    std::string_view scheme;
    std::string_view host;  // without the scheme's own port
};

std::string_view without_own_port(std::string_view host, std::string_view scheme)
{
    const std::string_view own = equal_ignoring_case(scheme, "https") ? ":443" : ":80";
    if (host.ends_with(own))
        host.remove_suffix(own.size());
    return host;
}

/// "https://example.com:8443". Nothing for "null" and for whatever else is no origin.
std::optional<origin_parts> parts_of(std::string_view origin)
{
    const auto end = origin.find("://");
    if (end == std::string_view::npos)
        return std::nullopt;
    const auto scheme = origin.substr(0, end);
    const auto host = origin.substr(end + 3);
    const bool known = equal_ignoring_case(scheme, "https") || equal_ignoring_case(scheme, "http");
    if (!known || host.empty() || !is_host_and_port(host))
        return std::nullopt;
    return origin_parts{scheme, without_own_port(host, scheme)};
}

/// Whether the browser was on this site.
bool is_here(const request& of, const origin_parts& origin)
{
    const requester from = requester_of(of);
    if (!equal_ignoring_case(origin.host, without_own_port(from.host, origin.scheme)))
        return false;
    const bool scheme_known = of.attached<requester>() || from.scheme == scheme::https;
    return !scheme_known || equal_ignoring_case(origin.scheme, text(from.scheme));
}

bool changes_nothing(const request& of)
{
    switch (of.method()) {
        case method::get:
        case method::head:
        case method::options: {
            // Whoever opens a WebSocket talks with the cookies that came with the handshake.
            const auto upgrade = of.header("Upgrade");
            return !upgrade || !list_has(*upgrade, "websocket");
        }
        default:
            return false;
    }
}

bool is_trusted(std::string_view origin, const std::vector<std::string>& trusted)
{
    return std::ranges::any_of(
        trusted, [origin](const std::string& each) { return equal_ignoring_case(each, origin); });
}

response refused(csrf_verdict why)
{
    return problem(403, "Cross-origin request refused",
                   why == csrf_verdict::cross_site
                       ? "the browser says that another site sent this request"
                       : "the origin of this request is not this site");
}

}  // namespace

csrf_verdict judge_origin(const request& of, const std::vector<std::string>& trusted)
{
    if (changes_nothing(of))
        return csrf_verdict::safe_method;
    const auto origins = of.headers("Origin");
    if (origins.size() > 1)
        return csrf_verdict::other_origin;
    if (!origins.empty() && is_trusted(origins.front(), trusted))
        return csrf_verdict::trusted_origin;

    const auto sites = of.headers("Sec-Fetch-Site");
    if (!sites.empty()) {
        const bool ours =
            sites.size() == 1 && (sites.front() == "same-origin" || sites.front() == "none");
        return ours ? csrf_verdict::same_origin : csrf_verdict::cross_site;
    }
    if (origins.empty())
        return csrf_verdict::no_browser;
    const auto origin = parts_of(origins.front());
    return origin && is_here(of, *origin) ? csrf_verdict::same_origin : csrf_verdict::other_origin;
}

hooks csrf(csrf_options more)
{
    for (const std::string& each : more.trusted_origins) {
        const auto parts = parts_of(each);
        // RFC 3986 lets a host have a star. Whoever writes one means something that this is not.
        const bool pattern = each.contains('*');
        if (!parts || pattern ||
            std::string{parts->scheme} + "://" + std::string{parts->host} != each)
            throw failure{fault(make_error_code(errc::bad_value), "trust origin", each)};
    }
    return {.name = "csrf",
            .before = [by = std::move(more)](request& of) -> std::optional<response> {
                if (of.route() != nullptr && of.route()->note<cross_origin_allowed>() != nullptr)
                    return std::nullopt;
                const auto verdict = judge_origin(of, by.trusted_origins);
                if (!is_refusal(verdict))
                    return std::nullopt;
                ++kit_refusals::here().cross_origin;
                if (by.counts != nullptr)
                    ++(verdict == csrf_verdict::cross_site ? by.counts->cross_site
                                                           : by.counts->other_origin);
                return refused(verdict);
            }};
}

}  // namespace cohort::http
