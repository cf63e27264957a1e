#include <cohort/http/middleware/helmet.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/requester.hpp>
#include <cohort/http/tls/facts.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

using namespace cohort::http;
using cohort::http::detail::around;

namespace {

/// As a server behind TLS would: https for every request.
hooks over_tls()
{
    return {.name = "tls", .before = [](request& of) -> std::optional<response> {
                of.attach(tls::secured{nullptr});
                return std::nullopt;
            }};
}

std::string recorded()
{
    std::ifstream file{COHORT_SOURCE_DIR "/tests/fixtures/helmet/helmet-8.3.0.txt"};
    std::ostringstream text;
    for (std::string line; std::getline(file, line);)
        text << line << "\r\n";
    REQUIRE_FALSE(text.str().empty());
    return text.str();
}

}  // namespace

TEST_CASE("helmet() sends byte for byte what helmet 8.3.0 sends, in its order")
{
    around one;
    one.use(over_tls()).use(helmet());
    CHECK(std::string{one.get().fields().wire()} == recorded());
}

TEST_CASE("Strict-Transport-Security is for TLS only, and comes nowhere else")
{
    around one;
    one.use(helmet());
    std::string rest = recorded();
    const auto begin = rest.find("Strict-Transport-Security");
    rest.erase(begin, rest.find("\r\n", begin) + 2 - begin);
    CHECK(std::string{one.get().fields().wire()} == rest);
}

TEST_CASE("errors wear the helmet too")
{
    around one;
    one.use(helmet());
    CHECK(one.get("/absent").status() == 404);
    CHECK(one.get("/absent").header("X-Frame-Options") == "SAMEORIGIN");
}

TEST_CASE("each header can be chosen or left out, and a handler's own value stays")
{
    around one;
    one.use(helmet({.cross_origin_embedder_policy = "require-corp",
                    .referrer_policy = left_out,
                    .x_frame_options = "DENY"}));
    one.answers = [] {
        return text("x").header("X-XSS-Protection", "1").header("X-Powered-By", "us");
    };
    const auto answer = one.get();
    CHECK(answer.header("Cross-Origin-Embedder-Policy") == "require-corp");
    CHECK_FALSE(answer.header("Referrer-Policy"));
    CHECK(answer.header("X-Frame-Options") == "DENY");
    CHECK(answer.fields().find_all("X-XSS-Protection").size() == 1);
    CHECK(answer.header("X-XSS-Protection") == "1");
    CHECK_FALSE(answer.header("X-Powered-By"));
}

TEST_CASE("the policy can be left out, written as text or built")
{
    const auto policy_of = [](helmet_policy choice) {
        around one;
        one.use(helmet({.content_security_policy = std::move(choice)}));
        const auto answer = one.get();
        return std::string{answer.header("Content-Security-Policy").value_or("none")};
    };
    CHECK(policy_of(left_out) == "none");
    CHECK(policy_of("default-src 'none'") == "default-src 'none'");
    CHECK(policy_of(content_policy{}.set("img-src", {"*"})) == "img-src *");
    CHECK_THROWS_AS((void)helmet({.content_security_policy = "a\r\nX: b"}), cohort::failure);
}

TEST_CASE("a nonce is new for each request, and the same in the page and in the policy")
{
    around one;
    one.use(helmet({.content_security_policy = content_policy::helmet8().set(
                        "script-src", {"'self'", content_policy::nonce})}));
    one.sees = [](const request& of) { return text(std::string{csp_nonce(of)}); };
    const auto first = one.get();
    const auto second = one.get();
    CHECK(first.body().size() == 32);
    CHECK(first.body() != second.body());
    const std::string wanted = "script-src 'self' 'nonce-" + std::string{first.body()} + "';";
    CHECK(first.header("Content-Security-Policy")->find(wanted) != std::string_view::npos);
}

TEST_CASE("asking for a nonce that no policy names is a mistake, not an empty nonce")
{
    around one;
    one.use(helmet());
    one.sees = [](const request& of) { return text(std::string{csp_nonce(of)}); };
    CHECK(one.get().status() == 500);
}

TEST_CASE("profile api lets nothing load or frame, and keeps answers with credentials from caches")
{
    around one;
    one.use(helmet({.profile = helmet_profile::api}));
    const auto plain = one.get();
    CHECK(plain.header("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'");
    CHECK(plain.header("X-Frame-Options") == "DENY");
    CHECK_FALSE(plain.header("Cache-Control"));
    CHECK(one.get("/", "Authorization: Bearer x\r\n").header("Cache-Control") == "no-store");
    CHECK(one.get("/", "Cookie: a=b\r\n").header("Cache-Control") == "no-store");
    one.answers = [] { return text("x").header("Cache-Control", "private, max-age=9"); };
    CHECK(one.get("/", "Cookie: a=b\r\n").header("Cache-Control") == "private, max-age=9");
}

TEST_CASE("304 brings no policy with a nonce: the page that was kept has another")
{
    around one;
    one.use(helmet(
        {.content_security_policy = content_policy{}.set("script-src", {content_policy::nonce})}));
    CHECK(one.get().header("Content-Security-Policy"));
    one.answers = [] { return response{304}; };
    CHECK_FALSE(one.get().header("Content-Security-Policy"));
}
