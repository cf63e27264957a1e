// What docs/manual shows of cookies, sessions, CSRF, authentication and roles, as a program.

#include <cohort/crypto/key_ring.hpp>
#include <cohort/crypto/password.hpp>
#include <cohort/http/auth/access.hpp>
#include <cohort/http/auth/api_keys.hpp>
#include <cohort/http/auth/authenticated.hpp>
#include <cohort/http/auth/basic.hpp>
#include <cohort/http/auth/bearer.hpp>
#include <cohort/http/auth/jwks_file.hpp>
#include <cohort/http/cookies/cookie_reader.hpp>
#include <cohort/http/cookies/sealed_cookies.hpp>
#include <cohort/http/cookies/set_cookie.hpp>
#include <cohort/http/cookies/signed_cookies.hpp>
#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/middleware/csrf.hpp>
#include <cohort/http/middleware/csrf_tokens.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/sessions/sessions.hpp>
#include <cohort/http/sessions/shared_sessions.hpp>

#include <doctest/doctest.h>

#include <string>

namespace http = cohort::http;
namespace crypto = cohort::crypto;

namespace {

http::response send(http::router& to, std::string_view line, std::string_view fields = {})
{
    http::detail::parsed one{line, fields};
    return to.plan_for(one.of).to->run(one.of);
}

struct payment {
    std::string owner;
};

}  // namespace

TEST_CASE("the manual's cookies are set, read and forgotten")
{
    http::response answer;
    http::set_cookie(answer, {.name = "theme", .value = "dark", .max_age = std::chrono::days{30}});
    CHECK(answer.header("Set-Cookie") ==
          "theme=dark; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=2592000");
    http::delete_cookie(answer, {.name = "theme"});
    http::detail::parsed one{"GET /", "Cookie: theme=dark\r\n"};
    CHECK(http::cookie(one.of, "theme") == "dark");

    const auto keys = crypto::key_ring::random();
    http::signed_cookies receipts{keys};
    http::sealed_cookies drafts{keys, {.max_age = std::chrono::hours{1}}};
    drafts.set(answer, {.name = "__Host-draft", .value = "any bytes"});
    CHECK_FALSE(drafts.get(one.of, "__Host-draft"));
}

TEST_CASE("the manual's sessions log in and out")
{
    http::router api;
    const auto keys = crypto::key_ring::random();
    auto store = http::shared_sessions::make();
    api.use(http::sessions(store));
    api.use(http::csrf({.trusted_origins = {"https://app.example.com"}}));
    api.post("/login", [](const http::request& request) {
        auto session = http::session_of(request);
        session.regenerate();
        session.set("user", "17");
        return http::no_content();
    });
    api.get("/me", [](const http::request& request) {
        const auto user = http::session_of(request).get("user");
        return user ? http::text(std::string{*user}) : http::problem(401);
    });
    api.post("/logout", [](const http::request& request) {
        http::session_of(request).destroy();
        return http::no_content();
    });
    auto pages = api.group("/pages");
    pages.use(http::csrf_tokens(keys));
    pages.get("/token",
              [](const http::request& request) { return http::text(http::csrf_token(request)); });
    REQUIRE(api.freeze());

    CHECK(send(api, "GET /me").status() == 401);
    const auto welcome = send(api, "POST /login");
    const std::string line{*welcome.header("Set-Cookie")};
    const std::string cookie = "Cookie: " + line.substr(0, line.find(';')) + "\r\n";
    CHECK(send(api, "GET /me", cookie).body() == "17");
    CHECK(send(api, "POST /logout", cookie + "Sec-Fetch-Site: cross-site\r\n").status() == 403);
    CHECK(send(api, "POST /logout", cookie).status() == 204);
    CHECK(send(api, "GET /me", cookie).status() == 401);
    CHECK(send(api, "GET /pages/token").status() == 200);
}

TEST_CASE("the manual's roles are asked before the handler, and by it")
{
    const auto own = http::when<payment>(
        "own", [](const http::subject& who, const payment& what) { return what.owner == who.id; });
    auto policy = http::role_policy::compile({
        .permissions = {"payments:read", "payments:create", "payments:refunds:create"},
        .roles = {{.name = "viewer", .allow = {"payments:read"}},
                  {.name = "clerk", .inherits = {"viewer"}, .allow = {"payments:*"}},
                  {.name = "suspended", .deny = {"*"}},
                  {.name = "customer", .allow = {{"payments:read", own}}}},
    });
    REQUIRE(policy);

    auto shared = *http::shared_key::of(crypto::secret::random());
    const http::jwt_signer signer{shared.copy(), {.issuer = "us", .audience = "payments"}};
    auto verifier = std::make_shared<const http::jwt_verifier>(
        *http::shared_keys::of(std::move(shared)),
        http::jwt_rules{.issuer = "us", .audience = "payments"});
    auto table = std::make_shared<http::api_key_table>();
    const auto key = http::make_api_key("shop");
    REQUIRE(table->add(key.id, key.hash, {.id = "robot-7", .roles = {"clerk"}}));

    http::router api;
    api.use(http::authenticated(
        {http::bearer(verifier, {.roles_claim = "roles"}), http::api_keys(table)}));
    auto control = std::make_shared<http::access_control>(std::move(*policy));
    http::access(api, control);
    api.post("/payments", [](const http::request&) { return http::text("paid"); },
             {.notes = {http::permission{"payments:create"}}});
    api.get("/health", [](const http::request&) { return http::text("well"); },
            {.notes = {http::open_to_all{}}});
    api.get("/payments/{owner}",
            [](const http::request& request) {
                const payment found{request.path<std::string>("owner")};
                http::require_access(request, found);
                return http::text(http::may(request, "payments:create") ? "may pay" : "may look");
            },
            {.notes = {http::permission{"payments:read"}}});
    REQUIRE(api.freeze());

    const std::string ada =
        "Authorization: Bearer " + signer.sign("ada", {{"roles", {"customer"}}});
    CHECK(send(api, "GET /health").status() == 200);
    CHECK(send(api, "POST /payments").status() == 401);
    CHECK(send(api, "POST /payments", ada + "\r\n").status() == 403);
    CHECK(send(api, "GET /payments/ada", ada + "\r\n").body() == "may look");
    CHECK(send(api, "GET /payments/eve", ada + "\r\n").status() == 403);
    CHECK(send(api, "POST /payments", "X-API-Key: " + key.text + "\r\n").body() == "paid");
}

TEST_CASE("the manual's passwords are hashed and known again")
{
    const std::string hash = crypto::hash_password("correct horse", {.log2_n = 10, .p = 1});
    CHECK(crypto::verify_password("correct horse", hash));
    CHECK_FALSE(http::jwks_file::open("/nowhere/jwks.json"));
    http::basic_table machines;
    CHECK(machines.add("prometheus", "a long and random word", {.id = "scraper"}));
}
