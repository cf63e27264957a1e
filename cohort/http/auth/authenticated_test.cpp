#include <cohort/http/auth/authenticated.hpp>

#include <cohort/base/error.hpp>
#include <cohort/crypto/base64.hpp>
#include <cohort/http/auth/api_keys.hpp>
#include <cohort/http/auth/basic.hpp>
#include <cohort/http/auth/bearer.hpp>
#include <cohort/http/auth/permission.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/requester.hpp>
#include <cohort/http/tls/facts.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;

namespace {

std::int64_t today = 1'700'000'000;

const shared_key& key()
{
    static const shared_key it = *shared_key::of(crypto::secret::random());
    return it;
}

authenticator tokens(bearer_options more = {})
{
    const jwt_rules rules{.issuer = "us", .audience = "shop", .now = [] { return today; }};
    return bearer(std::make_shared<const jwt_verifier>(*shared_keys::of(key().copy()), rules),
                  more);
}

std::string token(std::string_view who, boost::json::object claims = {})
{
    const jwt_terms terms{.issuer = "us", .audience = "shop", .now = [] { return today; }};
    return jwt_signer{key().copy(), terms}.sign(who, std::move(claims));
}

hooks over_tls()
{
    return {.name = "tls", .before = [](request& of) -> std::optional<response> {
                of.attach(tls::secured{nullptr});
                return std::nullopt;
            }};
}

/// Who it is, and their roles.
response introduce(const request& of)
{
    std::string words = subject_of(of).id;
    for (const std::string& role : subject_of(of).roles)
        words += " " + role;
    return text(words);
}

response ask(std::vector<authenticator> ways, std::string_view fields, bool tls = true)
{
    http::detail::around app;
    if (tls)
        app.use(over_tls());
    app.use(authenticated(std::move(ways)));
    app.sees = introduce;
    return app.get("/", fields);
}

std::string basic_field(std::string_view both)
{
    return "Authorization: Basic " + crypto::to_base64(both) + "\r\n";
}

std::shared_ptr<basic_table> machines()
{
    auto table = std::make_shared<basic_table>();
    REQUIRE(table->add("prometheus", "a long and random word", {.id = "scraper"}));
    return table;
}

}  // namespace

TEST_CASE("a good token says who asks, with the roles of its claim")
{
    const auto with = [](boost::json::object claims, bearer_options more = {}) {
        return std::string{
            ask({tokens(more)}, "Authorization: Bearer " + token("ada", std::move(claims)) + "\r\n")
                .body()};
    };
    CHECK(with({}) == "ada");
    CHECK(with({{"roles", {"clerk", 17, "viewer"}}}) == "ada clerk viewer");
    CHECK(with({{"roles", {{"admin", true}}}}) == "ada");
    CHECK(with({{"scope", " read  write "}}, {.roles_claim = "scope"}) == "ada read write");
}

TEST_CASE("a token with more roles than are looked at is refused, not cut")
{
    const auto with = [](std::size_t count) {
        boost::json::array roles(count, "viewer");
        return ask({tokens()}, "Authorization: Bearer " + token("ada", {{"roles", roles}}) + "\r\n")
            .status();
    };
    CHECK(with(64) == 200);
    CHECK(with(65) == 401);
}

TEST_CASE("two accounts of who asks are none, however they are written")
{
    const std::string good = "Authorization: Bearer " + token("ada") + "\r\n";
    CHECK(ask({tokens()}, good).status() == 200);
    CHECK(ask({tokens()}, good + good).status() == 400);
    CHECK(ask({tokens()}, good + "X-Other: 1\r\nauthorization: x\r\n").status() == 400);
}

TEST_CASE("what is answered to somebody is not for caches, unless the handler says so")
{
    auto table = std::make_shared<api_key_table>();
    const auto mine = make_api_key("shop");
    REQUIRE(table->add(mine.id, mine.hash, {.id = "ada"}));
    http::detail::around app;
    app.use(authenticated(api_keys(table)));
    app.options.notes = {open_to_all{}};
    const std::string field = "X-API-Key: " + mine.text + "\r\n";
    CHECK_FALSE(app.get().header("Cache-Control"));
    CHECK(app.get("/", field).header("Cache-Control") == "no-store");
    app.answers = [] { return text("hello").header("Cache-Control", "private"); };
    CHECK(app.get("/", field).header("Cache-Control") == "private");
}

TEST_CASE("without a token the answer says how to send one, with a bad one what is wrong")
{
    const auto none = ask({tokens()}, "");
    CHECK(none.status() == 401);
    CHECK(none.header("WWW-Authenticate") == "Bearer realm=\"api\"");

    const auto refused = [](const std::string& credentials) {
        return ask({tokens()}, "Authorization: " + credentials + "\r\n");
    };
    for (const auto* other : {"Basic YWRhOng=", "Bearer", "Bearerx y", "Token abc"})
        CHECK(refused(other).header("WWW-Authenticate") == "Bearer realm=\"api\"");
    const auto broken = refused("bearer abc");
    CHECK(broken.status() == 401);
    CHECK(broken.header("WWW-Authenticate") == "Bearer realm=\"api\", error=\"invalid_token\", "
                                               "error_description=\"the token is malformed\"");
    const std::string old = token("ada");
    today += 930;
    CHECK(refused("Bearer " + old).header("WWW-Authenticate")->ends_with("has expired\""));
    today -= 930;
    CHECK(refused("Bearer " + token("")).status() == 401);  // who is it?
}

TEST_CASE("two Authorization fields are refused, whatever they say")
{
    const std::string good = "Authorization: Bearer " + token("ada") + "\r\n";
    CHECK(ask({tokens()}, good).status() == 200);
    CHECK(ask({tokens()}, good + good).status() == 400);
}

TEST_CASE("an open route takes everybody, and knows those who say who they are")
{
    http::detail::around app;
    app.use(authenticated(tokens()));
    app.options.notes = {open_to_all{}};
    app.sees = [](const request& of) {
        const subject* who = of.attached<subject>();
        return text(who != nullptr ? who->id : "somebody");
    };
    CHECK(app.get().body() == "somebody");
    CHECK(app.get("/", "Authorization: Bearer abc\r\n").body() == "somebody");
    CHECK(app.get("/", "Authorization: Bearer " + token("ada") + "\r\n").body() == "ada");
}

TEST_CASE("an API key is found by its id and known by its hash")
{
    auto table = std::make_shared<api_key_table>();
    const auto mine = make_api_key("shop");
    const auto other = make_api_key("shop");
    CHECK(mine.text.starts_with("shop_"));
    CHECK(mine.text.starts_with(mine.id + "_"));
    CHECK(mine.text != other.text);
    REQUIRE(table->add(mine.id, mine.hash, {.id = "ada", .roles = {"clerk"}}));

    CHECK(ask({api_keys(table)}, "Authorization: ApiKey " + mine.text + "\r\n").body() ==
          "ada clerk");
    CHECK(ask({api_keys(table)}, "X-API-Key: " + mine.text + "\r\n").body() == "ada clerk");
    const auto none = ask({api_keys(table)}, "");
    CHECK(none.status() == 401);
    CHECK(none.header("WWW-Authenticate") == "ApiKey realm=\"api\"");
    CHECK(ask({api_keys(table, {.header = ""})}, "X-API-Key: " + mine.text + "\r\n").status() ==
          401);
    CHECK(ask({api_keys(table)}, "X-API-Key: " + other.text + "\r\n").status() == 401);
}

TEST_CASE("an API key with any letter changed or gone is none")
{
    api_key_table table;
    const auto mine = make_api_key("shop");
    REQUIRE(table.add(mine.id, mine.hash, {.id = "ada"}));
    REQUIRE(table.find(mine.text));
    for (std::size_t i = 0; i < mine.text.size(); ++i) {
        std::string changed = mine.text;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CHECK_FALSE(table.find(changed));
        CHECK_FALSE(table.find(mine.text.substr(0, i)));
    }
    CHECK_FALSE(table.find(mine.text + "A"));
    CHECK_FALSE(table.find(mine.hash));
    CHECK_FALSE(table.find(std::string(1000, 'x')));
}

TEST_CASE("a table of API keys takes what make_api_key() made, once, and can be replaced")
{
    api_key_table table;
    const auto mine = make_api_key("shop");
    CHECK(table.add(mine.id, mine.hash, {.id = "ada"}));
    CHECK_FALSE(table.add(mine.id, mine.hash, {.id = "eve"}));
    for (const std::string& id : {std::string{}, std::string{"shop"}, std::string{"shop_abc"},
                                  "Shop" + mine.id.substr(4), mine.id + "x", mine.text})
        CHECK_FALSE(table.add(id, mine.hash, {.id = "eve"}));
    CHECK_FALSE(table.add(make_api_key("x").id, mine.hash.substr(2), {.id = "eve"}));
    CHECK(table.size() == 1);

    auto in_force = std::make_shared<const api_key_table>(table);
    const auto way = api_keys([&in_force] { return in_force; });
    const std::string field = "X-API-Key: " + mine.text + "\r\n";
    CHECK(ask({way}, field).status() == 200);
    in_force = std::make_shared<const api_key_table>();
    CHECK(ask({way}, field).status() == 401);
}

TEST_CASE("a name and password are taken over TLS alone, unless somebody says otherwise")
{
    const auto way = basic(machines());
    const std::string good = basic_field("prometheus:a long and random word");
    CHECK(ask({way}, good).body() == "scraper");
    const auto plain = ask({way}, good, false);
    CHECK(plain.status() == 401);
    CHECK(plain.body().find("TLS") != std::string::npos);
    CHECK(ask({basic(machines(), {.also_without_encryption = true})}, good, false).status() == 200);
    CHECK(ask({way}, "").header("WWW-Authenticate") == "Basic realm=\"api\", charset=\"UTF-8\"");
}

TEST_CASE("other names and passwords, and what is no pair of them, are refused")
{
    const auto way = basic(machines());
    for (const auto* both :
         {"prometheus:", "prometheus", "prometheus:A long and random word", ":",
          "Prometheus:a long and random word", "", "prometheus:a long and random word "})
        CHECK(ask({way}, basic_field(both)).status() == 401);
    for (const auto* text : {"!", "cHJvbWV0aGV1cw", "cHJv bWV0aGV1cw=="})
        CHECK(ask({way}, "Authorization: Basic " + std::string{text} + "\r\n").status() == 401);
    basic_table table;
    CHECK_FALSE(table.add("", "a long and random word", {.id = "x"}));
    CHECK_FALSE(table.add("a:b", "a long and random word", {.id = "x"}));
    CHECK_FALSE(table.add("a", "nineteen bytes long", {.id = "x"}));
    CHECK(table.add("a", "twenty bytes long!!!", {.id = "x"}));
    CHECK_FALSE(table.add("a", "a long and random word", {.id = "x"}));
}

TEST_CASE("of several ways any will do, and the answer names all of them")
{
    auto table = std::make_shared<api_key_table>();
    const auto mine = make_api_key("shop");
    REQUIRE(table->add(mine.id, mine.hash, {.id = "machine"}));
    const std::vector<authenticator> ways{tokens(), api_keys(table)};
    CHECK(ask(ways, "Authorization: Bearer " + token("ada") + "\r\n").body() == "ada");
    CHECK(ask(ways, "X-API-Key: " + mine.text + "\r\n").body() == "machine");
    const auto none = ask(ways, "");
    CHECK(none.fields().find_all("WWW-Authenticate").size() == 2);
}

TEST_CASE("realms that cannot be quoted are refused at the start")
{
    CHECK_THROWS_AS((void)tokens({.realm = "a\"b"}), failure);
    CHECK_THROWS_AS((void)basic(machines(), {.realm = "a\r\nb"}), failure);
    CHECK_THROWS_AS((void)api_keys(std::make_shared<api_key_table>(), {.header = "a b"}), failure);
}
