#include <cohort/http/middleware/helmet.hpp>

#include <cohort/base/error.hpp>
#include <cohort/crypto/hex.hpp>
#include <cohort/crypto/random_bytes.hpp>
#include <cohort/http/auth/subject.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/requester.hpp>

#include <array>
#include <optional>
#include <stdexcept>
#include <vector>

namespace cohort::http {

namespace {

constexpr std::string_view hsts_name = "Strict-Transport-Security";
constexpr std::string_view csp_name = "Content-Security-Policy";

/// A header as both profiles have it; in the order in which helmet 8 sends them.
struct known {
    std::string_view name;
    helmet_header helmet_options::* choice;
    std::string_view helmet8;  ///< Empty: not sent.
    std::string_view api;
};

constexpr std::array<known, 12> table{{
    {"Cross-Origin-Embedder-Policy", &helmet_options::cross_origin_embedder_policy, "", ""},
    {"Cross-Origin-Opener-Policy", &helmet_options::cross_origin_opener_policy, "same-origin",
     "same-origin"},
    {"Cross-Origin-Resource-Policy", &helmet_options::cross_origin_resource_policy, "same-origin",
     "same-origin"},
    {"Origin-Agent-Cluster", &helmet_options::origin_agent_cluster, "?1", "?1"},
    {"Referrer-Policy", &helmet_options::referrer_policy, "no-referrer", "no-referrer"},
    {hsts_name, &helmet_options::strict_transport_security, "max-age=31536000; includeSubDomains",
     "max-age=31536000; includeSubDomains"},
    {"X-Content-Type-Options", &helmet_options::x_content_type_options, "nosniff", "nosniff"},
    {"X-DNS-Prefetch-Control", &helmet_options::x_dns_prefetch_control, "off", "off"},
    {"X-Download-Options", &helmet_options::x_download_options, "noopen", "noopen"},
    {"X-Frame-Options", &helmet_options::x_frame_options, "SAMEORIGIN", "DENY"},
    {"X-Permitted-Cross-Domain-Policies", &helmet_options::x_permitted_cross_domain_policies,
     "none", "none"},
    {"X-XSS-Protection", &helmet_options::x_xss_protection, "0", "0"},
}};

constexpr std::string_view api_policy = "default-src 'none'; frame-ancestors 'none'";

/// What is sent, decided when the program starts.
struct plan_of_headers {
    enum class kind : std::uint8_t { plain, policy, transport };
    struct line {
        std::string_view name;
        std::string value;
        kind is = kind::plain;
    };
    std::vector<line> lines;
    /// All of them as they are sent where nothing stands in the way: without and with `transport`.
    field_lines bare;
    field_lines secured;
    content_policy policy;
    bool has_nonce = false;
    helmet_profile profile = helmet_profile::helmet8;
};

std::string value_of(const helmet_header& choice, std::string_view by_profile)
{
    switch (choice.is()) {
        case helmet_header::kind::own:
            return choice.value();
        case helmet_header::kind::by_profile:
            return std::string{by_profile};
        case helmet_header::kind::absent:
            break;
    }
    return {};
}

plan_of_headers decide(const helmet_options& choices)
{
    const bool api = choices.profile == helmet_profile::api;
    plan_of_headers plan{.policy = choices.content_security_policy.policy,
                         .profile = choices.profile};
    plan.has_nonce = plan.policy.uses_nonce();
    const auto add = [&](std::string_view name, std::string value) {
        if (value.empty())
            return;
        if (!is_field_value(value))
            throw failure{fault(errc::bad_value, "send with helmet", std::string{name})};
        const auto is = name == hsts_name  ? plan_of_headers::kind::transport
                        : name == csp_name ? plan_of_headers::kind::policy
                                           : plan_of_headers::kind::plain;
        plan.secured.add(name, value);
        if (is != plan_of_headers::kind::transport)
            plan.bare.add(name, value);
        plan.lines.push_back({.name = name, .value = std::move(value), .is = is});
    };
    const std::string own = api ? std::string{api_policy} : content_policy::helmet8().text();
    add(csp_name, value_of(choices.content_security_policy.header, own));
    for (const known& each : table)
        add(each.name, value_of(choices.*each.choice, api ? each.api : each.helmet8));
    return plan;
}

std::string fresh_nonce() { return crypto::to_hex(crypto::random_bytes(16)); }

/// Which of the plan's lines a handler has set itself, a bit each.
std::uint32_t set_already(const plan_of_headers& plan, const response& answer)
{
    if (answer.fields().is_disjoint(plan.secured))
        return 0;
    std::uint32_t found = 0;
    for (std::size_t at = 0; at < plan.lines.size(); ++at) {
        if (answer.header(plan.lines[at].name))
            found |= 1U << at;
    }
    return found;
}

void add_one_by_one(const plan_of_headers& plan, const request& of, std::uint32_t set_already,
                    response& answer)
{
    for (std::size_t at = 0; at < plan.lines.size(); ++at) {
        const auto& line = plan.lines[at];
        if ((set_already >> at & 1U) != 0)
            continue;
        if (line.is == plan_of_headers::kind::transport && scheme_of(of) != scheme::https)
            continue;
        const bool nonced = plan.has_nonce && line.is == plan_of_headers::kind::policy;
        // The page that a client has kept has the nonce of its own day.
        if (nonced && answer.status() == 304)
            continue;
        const auto* const nonce = nonced ? of.attached<csp_nonce_value>() : nullptr;
        if (nonce != nullptr)
            answer.add_header(line.name, plan.policy.text(nonce->text));
        else
            answer.add_header(line.name, line.value);
    }
}

void dress(const plan_of_headers& plan, const request& of, response& answer)
{
    const std::uint32_t found = set_already(plan, answer);
    answer.remove_header("X-Powered-By");
    if (found == 0 && !plan.has_nonce)
        answer.add_headers(scheme_of(of) == scheme::https ? plan.secured : plan.bare);
    else
        add_one_by_one(plan, of, found, answer);
    const bool credentials =
        plan.profile == helmet_profile::api &&
        (of.header("Authorization") || of.header("Cookie") || of.attached<subject>() != nullptr);
    if (credentials && !answer.header("Cache-Control"))
        answer.add_header("Cache-Control", "no-store");
}

}  // namespace

std::string_view csp_nonce(const request& of)
{
    const auto* const nonce = of.attached<csp_nonce_value>();
    if (nonce == nullptr)
        throw std::logic_error{"a handler asks for a nonce, but no helmet() around it has a "
                               "policy with content_policy::nonce"};
    return nonce->text;
}

hooks helmet(helmet_options choices)
{
    hooks both{.name = "helmet"};
    plan_of_headers plan = decide(choices);
    if (plan.has_nonce) {
        both.before = [](request& of) -> std::optional<response> {
            // An inner helmet() keeps the nonce of an outer one: pages and policies agree.
            if (of.attached<csp_nonce_value>() == nullptr)
                of.attach(csp_nonce_value{fresh_nonce()});
            return std::nullopt;
        };
    }
    both.after = [plan = std::move(plan)](const request& of, response& answer) {
        dress(plan, of, answer);
    };
    return both;
}

}  // namespace cohort::http
