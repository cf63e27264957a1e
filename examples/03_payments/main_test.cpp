// The routes of the example, asked without a port: the page itself is included, its main renamed.
#define main served_main
#include "main.cpp"
#undef main

#include "folder_test.hpp"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cohort/crypto/secret.hpp>
#include <cohort/testing/test_app.hpp>

#include <fstream>
#include <stdexcept>
#include <string_view>
#include <vector>

using cohort::testing::header_list;
using cohort::testing::test_answer;
using cohort::testing::test_app;
namespace json = boost::json;

namespace {

http::shared_key test_key()
{
    return *http::shared_key::of(cohort::crypto::secret{std::string(32, 'k')});
}

std::string token(const std::string& who, const std::string& role)
{
    const http::jwt_signer issuer{test_key(), {.issuer = "us", .audience = "payments"}};
    return "Bearer " + issuer.sign(who, {{"roles", role}});
}

http::secure_options for_tests()
{
    http::secure_options how{.hosts = {"test"}, .https = std::nullopt};
    how.helmet.profile = http::helmet_profile::api;
    return how;
}

const json::object good_order = {
    {"to", "DE02120300000000202051"}, {"cents", 1999}, {"currency", "EUR"}};

json::object order_with(std::string_view name, json::value value)
{
    json::object out = good_order;
    out[name] = std::move(value);
    return out;
}

struct example {
    test_answer ask(const std::string& target, const std::string& as)
    {
        return app.get(target, {{"Authorization", as}});
    }
    test_answer tell(const std::string& target, const json::value& what, const std::string& as,
                     const std::string& key)
    {
        return app.post(target, what, {{"Authorization", as}, {"Idempotency-Key", key}});
    }
    test_answer pay(const std::string& key) { return tell("/payments", good_order, ada, key); }

    folder place;
    ledger book{[this] {
        ledger first{place.database()};
        first.prepare();
        return place.database();
    }()};
    http::router api = payment_api(book,
                                   std::make_shared<const http::jwt_verifier>(
                                       http::shared_keys::of(test_key()).value(),
                                       http::jwt_rules{.issuer = "us", .audience = "payments"}),
                                   for_tests());
    test_app app{api};
    std::string ada = token("ada", "customer");
    std::string bob = token("bob", "customer");
    std::string clerk = token("eve", "clerk");
};

std::vector<std::string> mistakes_in(const test_answer& answer)
{
    std::vector<std::string> out;
    const json::value document = answer.json();
    for (const json::value& each : document.at("errors").as_array()) {
        const json::object& one = each.as_object();
        const json::value& where =
            one.contains("pointer") ? one.at("pointer") : one.at("parameter");
        out.emplace_back(where.as_string());
    }
    return out;
}

}  // namespace

TEST_CASE_FIXTURE(example, "who asks without a token, or with somebody else's, is answered 401")
{
    const auto answer = app.post("/payments", good_order, {{"Idempotency-Key", "key-00001"}});
    CHECK(answer.status() == 401);
    CHECK(answer.header("www-authenticate").value_or("").starts_with("Bearer"));
    CHECK(answer.header("content-type") == "application/problem+json");
    CHECK(app.get("/payments").status() == 401);
    CHECK(ask("/payments", ada + "x").status() == 401);
}

TEST_CASE_FIXTURE(example, "who has no role for it is answered 403")
{
    REQUIRE(pay("key-00001").status() == 201);
    const json::object one = {{"cents", 1}};
    CHECK(tell("/payments/1/refunds", one, ada, "key-00002").status() == 403);
    CHECK(tell("/payments", good_order, clerk, "key-00003").status() == 403);
    CHECK(ask("/payments", token("mallory", "suspended customer")).status() == 403);
    CHECK(ask("/payments", token("mallory", "nobody-knows-this")).status() == 403);
}

TEST_CASE_FIXTURE(example, "a customer reads their own payments alone, a clerk all")
{
    REQUIRE(pay("key-00001").status() == 201);
    CHECK(ask("/payments/1", ada).json().at("owner") == "ada");
    CHECK(ask("/payments/1", bob).status() == 403);
    CHECK(ask("/payments/1", clerk).status() == 200);
    CHECK(ask("/payments", bob).json().at("payments").as_array().empty());
    CHECK(ask("/payments", clerk).json().at("payments").as_array().size() == 1);
}

TEST_CASE_FIXTURE(example, "a body that is no JSON is answered 415 or 400")
{
    const header_list known{{"Authorization", ada}, {"Idempotency-Key", "key-00001"}};
    header_list form = known;
    form.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    CHECK(app.send({"POST", "/payments", form, "cents=1"}).status() == 415);
    header_list broken = known;
    broken.emplace_back("Content-Type", "application/json");
    const auto answer = app.send({"POST", "/payments", broken, "{\"cents\": 1"});
    CHECK(answer.status() == 400);
    CHECK(answer.json().at("line") == 1);
}

TEST_CASE_FIXTURE(example, "a bad payment is told all its mistakes at once")
{
    const auto answer = app.post(
        "/payments",
        {{"to", "somebody"}, {"cents", 0}, {"currency", "DOGE"}, {"note", ""}, {"extra", 1}},
        {{"Authorization", ada}});
    CHECK(answer.status() == 422);
    CHECK(answer.header("content-type") == "application/problem+json");
    CHECK(mistakes_in(answer) == std::vector<std::string>{"Idempotency-Key", "/to", "/cents",
                                                          "/currency", "/note", "/extra"});
    CHECK(tell("/payments", order_with("cents", 1.5), ada, "key-00001").status() == 422);
    CHECK(ask("/payments", clerk).json().at("payments").as_array().empty());
}

TEST_CASE_FIXTURE(example, "a payment is made, and its answer says where it is")
{
    const auto answer = tell("/payments", order_with("note", "für Bücher"), ada, "key-00001");
    REQUIRE(answer.status() == 201);
    CHECK(answer.header("location") == "/payments/1");
    CHECK_FALSE(answer.header("idempotent-replayed"));
    const json::object made = answer.json().as_object();
    CHECK(made.at("id") == 1);
    CHECK(made.at("owner") == "ada");
    CHECK(made.at("note") == "für Bücher");
    CHECK(made.at("refunded") == 0);
    CHECK(ask("/payments/1", ada).json() == json::value(made));
}

TEST_CASE_FIXTURE(example, "the same key has the same answer again, and pays once")
{
    const auto first = pay("key-00001");
    const auto again = pay("key-00001");
    CHECK(again.status() == 201);
    CHECK(again.body() == first.body());
    CHECK(again.header("location") == first.header("location"));
    CHECK(again.header("idempotent-replayed") == "true");
    CHECK(ask("/payments", ada).json().at("payments").as_array().size() == 1);

    const auto other = tell("/payments", order_with("cents", 5), ada, "key-00001");
    CHECK(other.status() == 422);
    CHECK(other.body().find("another request") != std::string::npos);
    // Keys are their owner's: those of others are not met by chance, or on purpose.
    CHECK(tell("/payments", good_order, bob, "key-00001").json().at("id") == 2);
}

TEST_CASE_FIXTURE(example, "no more is given back than was paid")
{
    REQUIRE(pay("key-00001").status() == 201);
    const json::object most = {{"cents", 1500}};
    const auto first = tell("/payments/1/refunds", most, clerk, "key-00002");
    CHECK(first.status() == 201);
    CHECK(first.json().at("refunded") == 1500);
    CHECK(tell("/payments/1/refunds", most, clerk, "key-00002").body() == first.body());

    const auto much = tell("/payments/1/refunds", most, clerk, "key-00003");
    CHECK(much.status() == 409);
    CHECK(much.json().at("left") == 499);
    CHECK(ask("/payments/1", clerk).json().at("refunded") == 1500);
    const json::object rest = {{"cents", 499}};  // what was refused has not used its key up
    CHECK(tell("/payments/1/refunds", rest, clerk, "key-00003").status() == 201);
}

TEST_CASE_FIXTURE(example, "what is not there is answered 404, what is no id 422")
{
    CHECK(ask("/payments/1", clerk).status() == 404);
    CHECK(tell("/payments/7/refunds", {{"cents", 1}}, clerk, "key-00001").status() == 404);
    CHECK(mistakes_in(ask("/payments/one", ada)) == std::vector<std::string>{"id"});
    CHECK(ask("/payments/0", ada).status() == 422);
    CHECK(app.get("/nowhere").status() == 404);
}

TEST_CASE_FIXTURE(example, "a list comes page by page")
{
    for (int i = 0; i < 5; ++i)
        REQUIRE(pay(fmt::format("key-0000{}", i)).status() == 201);
    std::vector<std::int64_t> seen;
    std::string target = "/payments?limit=2";
    for (int calls = 0; !target.empty() && calls < 9; ++calls) {
        const json::object answer = ask(target, ada).json().as_object();
        for (const json::value& each : answer.at("payments").as_array())
            seen.push_back(each.at("id").to_number<std::int64_t>());
        target.clear();
        if (const json::value* next = answer.if_contains("next"))
            target = fmt::format("/payments?limit=2&after={}", next->to_number<std::int64_t>());
    }
    CHECK(seen == std::vector<std::int64_t>{1, 2, 3, 4, 5});
    CHECK(mistakes_in(ask("/payments?limit=101&after=-1&before=3", ada)).size() == 3);
}

TEST_CASE_FIXTURE(example, "pages of others post nothing, and other hosts are not answered")
{
    const header_list foreign{
        {"Authorization", ada}, {"Idempotency-Key", "key-00001"}, {"Sec-Fetch-Site", "cross-site"}};
    CHECK(app.post("/payments", good_order, foreign).status() == 403);
    CHECK(app.get("/openapi.json", {{"Host", "elsewhere.example"}}).status() == 421);
    CHECK(app.get("/healthz", {{"Host", "10.0.0.5"}}).status() == 200);  // a balancer knows no name
    const auto answer = ask("/payments", ada);
    CHECK(answer.header("content-security-policy") == "default-src 'none'; frame-ancestors 'none'");
    CHECK(answer.header("cache-control") == "no-store");
    CHECK(answer.header("x-request-id"));
}

TEST_CASE_FIXTURE(example, "the document has the routes, and nobody needs a token for it")
{
    const auto answer = app.get("/openapi.json");
    REQUIRE(answer.status() == 200);
    const json::value document = answer.json();
    const json::object& paths = document.at("paths").as_object();
    CHECK(paths.size() == 3);
    const json::value& create = paths.at("/payments").at("post");
    CHECK(create.at("parameters").at(0).at("name") == "Idempotency-Key");
    CHECK(create.at("security").at(0).as_object().contains("token"));
    CHECK(paths.at("/payments").as_object().contains("get"));
    CHECK(paths.at("/payments/{id}").as_object().contains("get"));
    CHECK(
        paths.at("/payments/{id}/refunds").at("post").at("responses").as_object().contains("409"));
    CHECK(app.get("/docs").status() == 200);
}

TEST_CASE_FIXTURE(example, "who asks too often waits, and nobody else does")
{
    const std::string zoe = token("zoe", "customer");
    unsigned asked = 0;
    unsigned status = 0;
    while (status != 429 && asked < 2000) {
        const auto answer = ask("/payments/999", zoe);
        status = answer.status();
        ++asked;
        if (status == 429)
            CHECK(answer.header("retry-after"));
    }
    CHECK(status == 429);
    CHECK(asked > 600);
    CHECK(ask("/payments", bob).header("ratelimit"));
}

TEST_CASE("nothing starts without a secret, and none is shorter than it must be")
{
    const folder place;
    const std::string file = (place.path / "secret").string();
    ::unsetenv("PAYMENTS_JWKS_FILE");
    ::unsetenv("PAYMENTS_SECRET_FILE");
    CHECK_THROWS_AS(tokens_from_environment(), std::runtime_error);
    ::setenv("PAYMENTS_SECRET_FILE", file.c_str(), 1);
    CHECK_THROWS_AS(tokens_from_environment(), std::runtime_error);
    std::ofstream{file} << "text:short\n";
    CHECK_THROWS_AS(tokens_from_environment(), cohort::failure);
    std::ofstream{file} << "hex:" << std::string(64, 'a') << "\n";
    CHECK(tokens_from_environment() != nullptr);
    ::unsetenv("PAYMENTS_SECRET_FILE");
}
