// The routes of the example, asked without a port: the page itself is included, its main renamed.
#define main served_main
#include "main.cpp"
#undef main

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cohort/testing/test_app.hpp>

using cohort::testing::test_app;

namespace {

struct example {
    http::router api = payment_api();
    // The recursion takes its time under a sanitizer.
    test_app app{api, {.patience = std::chrono::minutes{5}, .slot = 3}};
};

const json::value good_payment = {{"amount", 1999}, {"currency", "EUR"}, {"account", "DE02"}};

}  // namespace

TEST_CASE_FIXTURE(example, "the start page computes fibonacci(40)")
{
    const auto answer = app.get("/");
    CHECK(answer.status() == 200);
    CHECK(answer.body() == "Fibonacci(40) = 102334155");
}

TEST_CASE_FIXTURE(example, "every n from 0 to 90 has its number, whichever way it is computed")
{
    CHECK(app.get("/fibonacci/0").json().at("fibonacci") == 0);
    CHECK(app.get("/fibonacci/1").json().at("fibonacci") == 1);
    CHECK(app.get("/fibonacci/30").json() ==
          json::value{{"n", 30}, {"fibonacci", 832040}, {"by", "recursion"}});
    CHECK(app.get("/fibonacci/46").json().at("fibonacci") == 1836311903);
    CHECK(app.get("/fibonacci/90").json() ==
          json::value{{"n", 90}, {"fibonacci", 2880067194370816120}, {"by", "adding"}});
    for (unsigned n = 0; n < 25; ++n)
        CHECK(fibonacci(n) == (n == 0 ? 0 : fibonacci_by_adding(n)));
}

TEST_CASE_FIXTURE(example, "any other n is refused with a problem that names it and its range")
{
    for (const auto* target : {"/fibonacci/91", "/fibonacci/-1", "/fibonacci/abc", "/fibonacci/1.5",
                               "/fibonacci/18446744073709551616"})
    {
        const auto answer = app.get(target);
        CHECK(answer.status() == 400);
        CHECK(answer.header("content-type") == "application/problem+json");
        CHECK(answer.body().find("`n`") != std::string::npos);
        CHECK(answer.body().find("0") != std::string::npos);
        CHECK(answer.body().find("90") != std::string::npos);
    }
}

TEST_CASE_FIXTURE(example, "a payment is accepted with the seal of its bytes")
{
    const auto answer = app.post("/payments", good_payment);
    CHECK(answer.status() == 201);
    CHECK(answer.json().at("status") == "accepted");
    CHECK(answer.json().at("sha256") == json::value(seal(json::serialize(good_payment))));
}

TEST_CASE("the seal is what sha256 says, 10,000 times over")
{
    // printf-free reference: Python's hashlib, d = bytes(32); 10,000 times d = sha256(d + b"abc").
    CHECK(seal("abc") == "aba2c4e9929d359d82ceac293881d9ecdb18c05071dea371d7e7acb97d0231c1");
    CHECK(seal("").size() == 64);
}

TEST_CASE_FIXTURE(example, "a bad payment is told all its mistakes at once")
{
    const auto answer = app.post(
        "/payments", {{"amount", 0.5}, {"currency", "XXX"}, {"account", ""}, {"extra", 1}});
    CHECK(answer.status() == 422);
    CHECK(answer.header("content-type") == "application/problem+json");
    const auto errors = answer.json().at("errors").as_array();
    REQUIRE(errors.size() == 4);
    CHECK(errors[0].at("pointer") == "/amount");
    CHECK(errors[1].at("pointer") == "/currency");
    CHECK(errors[2].at("pointer") == "/account");
    CHECK(errors[3].at("detail") == "member \"extra\" is not known");

    CHECK(app.post("/payments", json::array{}).status() == 422);
    CHECK(app.post("/payments", json::object{}).json().at("errors").as_array().size() == 3);
}

TEST_CASE_FIXTURE(example, "what is no JSON is refused before it is looked at")
{
    CHECK(app.send({.method = "POST",
                    .target = "/payments",
                    .headers = {{"Content-Type", "application/json"}},
                    .body = "{\"amount\":"})
              .status() == 400);
    CHECK(app.send({.method = "POST", .target = "/payments", .body = "amount=1"}).status() == 415);
}

TEST_CASE_FIXTURE(example, "health and who served are answered")
{
    CHECK(app.get("/healthz").status() == 200);
    const auto who = app.get("/workers").json();
    CHECK(who.at("slot") == 3);
    CHECK(who.at("pid") == ::getpid());
}
