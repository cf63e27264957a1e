#include <cohort/http/middleware/cors.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/vary.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

namespace cohort::http {

namespace {

/// scheme "://" host [":" port], in small letters, and nothing behind it.
bool is_origin(std::string_view text) noexcept
{
    const std::size_t colon = text.find("://");
    if (colon == text.npos || colon == 0)
        return false;
    const auto host = text.substr(colon + 3);
    const bool small = std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
    return small && is_token(text.substr(0, colon)) && !host.empty() && is_host_and_port(host);
}

/// Browsers leave out the port that a scheme has anyway: an origin with it would never match.
bool has_default_port(std::string_view origin) noexcept
{
    return (origin.starts_with("https://") && origin.ends_with(":443")) ||
           (origin.starts_with("http://") && origin.ends_with(":80"));
}

[[noreturn]] void refuse(const std::string& what)
{
    throw failure{fault(errc::bad_value, "allow other origins with", what)};
}

void check(const cors_options& choices)
{
    if (choices.origins.any() && choices.credentials == cors_credentials::allowed)
        refuse("credentials for every origin");
    for (const auto& origin : choices.origins.exact()) {
        if (!is_origin(origin) || has_default_port(origin))
            refuse("the origin " + origin);
    }
    for (const auto* names : {&choices.methods, &choices.headers.names(), &choices.exposed_headers})
    {
        for (const auto& name : *names) {
            if (!is_token(name))
                refuse("the name " + name);
        }
    }
}

/// The texts of headers, made once.
struct policy {
    cors_options choices;
    std::string methods;
    std::string headers;
    std::string exposed;

    /// The fields that preflights and answers have in common. Not allowed: none but Vary.
    [[nodiscard]] bool greet(const request& of, response& answer) const
    {
        const auto origin = of.header("Origin");
        const bool allowed = origin && choices.origins.allow(*origin);
        if (choices.origins.any())
            answer.header("Access-Control-Allow-Origin", "*");
        else if (allowed)
            answer.header("Access-Control-Allow-Origin", *origin);
        if (!choices.origins.any())
            add_vary(answer, "Origin");
        if (allowed && choices.credentials == cors_credentials::allowed)
            answer.header("Access-Control-Allow-Credentials", "true");
        return allowed;
    }

    [[nodiscard]] response preflight(const request& of) const
    {
        response answer = no_content();
        const bool allowed = greet(of, answer);
        const auto wanted = of.header("Access-Control-Request-Headers");
        if (choices.headers.any())
            add_vary(answer, "Access-Control-Request-Headers");
        if (!allowed)
            return answer;
        answer.header("Access-Control-Allow-Methods", methods);
        if (choices.headers.any() && wanted && !wanted->empty())
            answer.header("Access-Control-Allow-Headers", *wanted);
        else if (!choices.headers.any() && !headers.empty())
            answer.header("Access-Control-Allow-Headers", headers);
        if (choices.max_age)
            answer.header("Access-Control-Max-Age", std::to_string(choices.max_age->count()));
        if (choices.private_network == cors_private_network::allowed &&
            of.header("Access-Control-Request-Private-Network") == "true")
            answer.header("Access-Control-Allow-Private-Network", "true");
        return answer;
    }
};

bool is_preflight(const request& of) noexcept
{
    return of.method() == method::options && of.header("Origin") &&
           of.header("Access-Control-Request-Method");
}

}  // namespace

bool cors_origins::allow(std::string_view origin) const
{
    if (any_)
        return true;
    if (!is_origin(origin))
        return false;  // "null", and what no browser says
    return std::ranges::find(exact_, origin) != exact_.end() || (allows_ && allows_(origin));
}

hooks cors(cors_options choices)
{
    check(choices);
    auto made = std::make_shared<policy>();
    made->methods = fmt::format("{}", fmt::join(choices.methods, ","));
    made->headers = fmt::format("{}", fmt::join(choices.headers.names(), ","));
    made->exposed = fmt::format("{}", fmt::join(choices.exposed_headers, ","));
    made->choices = std::move(choices);
    const std::shared_ptr<const policy> shared = std::move(made);
    return {.name = "cors",
            .before = [shared](request& of) -> std::optional<response> {
                if (is_preflight(of))
                    return shared->preflight(of);
                return std::nullopt;
            },
            .after =
                [shared](const request& of, response& answer) {
                    if (shared->greet(of, answer) && !shared->exposed.empty())
                        answer.header("Access-Control-Expose-Headers", shared->exposed);
                }};
}

}  // namespace cohort::http
