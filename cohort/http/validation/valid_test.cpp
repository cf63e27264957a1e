#include <cohort/http/validation/valid.hpp>

#include <cohort/async/tokens.hpp>
#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/router.hpp>
#include <cohort/schema/schema.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::http;

namespace {

struct payment {
    std::string to;
    std::int64_t cents = 0;
};
const auto payment_schema = schema::object<payment>("Payment")
                                .field("to", &payment::to, schema::text().length(1, 80))
                                .field("cents", &payment::cents, schema::integer().at_least(1));

struct filter {
    unsigned limit = 20;
    std::vector<std::string> tags;
    std::optional<bool> open;
};
const auto filter_schema =
    schema::object<filter>()
        .defaulted("limit", &filter::limit, schema::integer().range(1, 100))
        .defaulted("tag", &filter::tags, schema::list(schema::text().length(1, 8)).length(0, 3))
        .field("open", &filter::open);

struct account {
    std::uint32_t id = 0;
};
const auto account_schema = schema::object<account>().field("id", &account::id);

struct caller {
    std::string tenant;
    std::vector<int> parts;
};
const auto caller_schema = schema::object<caller>()
                               .field("X-Tenant", &caller::tenant, schema::text().uuid())
                               .defaulted("X-Parts", &caller::parts);

response echo(const request&, const payment& p) { return json_of(payment_schema, p, 201); }

task<response> echo_later(const request&, const payment& p)
{
    co_return json_of(payment_schema, p, 201);
}

constexpr std::string_view as_json = "Content-Type: application/json\r\n";

/// "status body".
std::string ask(const router& api, std::string_view line, std::string_view fields = {},
                std::string_view body = {})
{
    http::detail::parsed it{line, fields, body};
    const plan found = api.plan_for(it.of);
    response answer;
    if (found.to->mode() == run_mode::coroutine) {
        asio::io_context loop;
        asio::co_spawn(loop, found.to->run_async(it.of),
                       [&](std::exception_ptr, response made) { answer = std::move(made); });
        loop.run();
    } else {
        answer = found.to->run(it.of);
    }
    return fmt::format("{} {}", answer.status(), answer.body());
}

bool mentions(const std::string& text, std::string_view words)
{
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a handler gets the body as its struct, plain or as a coroutine")
{
    router api;
    api.post("/plain", valid(payment_schema, echo));
    api.post("/later", valid(payment_schema, echo_later));
    api.post("/list", valid(schema::type<std::vector<payment>>{schema::list(payment_schema)},
                            [](const request&, std::vector<payment> all) {
                                return text(std::to_string(all.size()));
                            }));
    REQUIRE(api.freeze());
    const std::string body = R"({"to":"Ann","cents":9223372036854775807})";
    CHECK(ask(api, "POST /plain", as_json, body) == "201 " + body);
    CHECK(ask(api, "POST /later", as_json, body) == "201 " + body);
    CHECK(ask(api, "POST /list", as_json, "[" + body + "," + body + "]") == "200 2");
    CHECK(ask(api, "POST /later", as_json, "{}").starts_with("422 "));
}

TEST_CASE("a body of another type is 415, a malformed one 400 with its place")
{
    router api;
    api.post("/", valid(payment_schema, echo));
    REQUIRE(api.freeze());
    CHECK(ask(api, "POST /", "Content-Type: text/plain\r\n", "{}").starts_with("415 "));
    CHECK(ask(api, "POST /", {}, "{}").starts_with("415 "));
    CHECK(
        ask(api, "POST /", as_json, "{\n\"to\":}") ==
        R"(400 {"title":"Malformed JSON","status":400,"detail":"a value should be here at line 2, )"
        R"(column 6","offset":7,"line":2,"column":6})");
}

TEST_CASE("what does not fit is 422, with all mistakes at once")
{
    router api;
    api.post("/", valid(payment_schema, echo));
    REQUIRE(api.freeze());
    CHECK(ask(api, "POST /", as_json, R"({"to":"","cents":0,"x":1})") ==
          R"(422 {"title":"Unprocessable Content","status":422,)"
          R"("detail":"3 things in the request are not as they should be","errors":[)"
          R"({"pointer":"/to","keyword":"minLength","limit":1,)"
          R"("detail":"must have at least 1 character"},)"
          R"({"pointer":"/cents","keyword":"minimum","limit":1,"detail":"must be at least 1"},)"
          R"({"pointer":"/x","keyword":"additionalProperties","limit":false,)"
          R"("detail":"is not expected here"}]})");
}

TEST_CASE("a query is read by its description, and names it does not have are refused")
{
    router api;
    api.get("/", valid_query(filter_schema, [](const request&, filter f) {
                return text(fmt::format("{} {} {}", f.limit, f.tags.size(),
                                        f.open ? std::to_string(*f.open) : "-"));
            }));
    REQUIRE(api.freeze());
    CHECK(ask(api, "GET /") == "200 20 0 -");
    CHECK(ask(api, "GET /?limit=7&tag=a&tag=b+c&open=true") == "200 7 2 1");
    const std::string bad = ask(api, "GET /?limit=0&limit=1&tag=123456789&open=maybe&p%2Fq=1");
    CHECK(bad.starts_with("422 "));
    CHECK(mentions(bad, R"({"parameter":"p/q","in":"query","keyword":"additionalProperties")"));
    CHECK(mentions(bad, R"({"parameter":"limit","in":"query","keyword":"maxItems","limit":1)"));
    CHECK(mentions(bad, R"({"parameter":"tag","in":"query","keyword":"maxLength","limit":8)"));
    CHECK(mentions(bad, R"({"parameter":"open","in":"query","keyword":"type","limit":"boolean")"));
    CHECK(ask(api, "GET /?limit=1e1") == "200 10 0 -");
    CHECK(ask(api, "GET /?limit=+1").starts_with("422 "));
}

TEST_CASE("header fields are read without regard to case, lists at their commas")
{
    router api;
    api.get("/", valid_headers(caller_schema, [](const request&, const caller& c) {
                return text(fmt::format("{} {}", c.tenant.size(), c.parts.size()));
            }));
    REQUIRE(api.freeze());
    const std::string tenant = "x-tenant: 2eb8aa08-aa98-11ea-b4aa-73b441d16380\r\n";
    CHECK(ask(api, "GET /", tenant + "X-PARTS: 1, 2,,3\r\nx-parts: 4\r\n") == "200 36 4");
    CHECK(mentions(ask(api, "GET /", tenant + tenant), R"("parameter":"X-Tenant","in":"header")"));
    CHECK(mentions(ask(api, "GET /"), R"("keyword":"required")"));
}

TEST_CASE("several inputs are read together, and complained about together")
{
    router api;
    api.put("/accounts/{id}",
            given(in_path(account_schema), in_query(filter_schema), in_body(payment_schema))
                .then([](const request&, account a, filter f, payment p) -> task<response> {
                    co_return text(fmt::format("{} {} {}", a.id, f.limit, p.to));
                }));
    REQUIRE(api.freeze());
    CHECK(ask(api, "PUT /accounts/7?limit=3", as_json, R"({"to":"Ann","cents":1})") ==
          "200 7 3 Ann");
    const std::string bad = ask(api, "PUT /accounts/x?limit=0", as_json, R"({"to":"Ann"})");
    CHECK(mentions(bad, R"({"parameter":"id","in":"path","keyword":"type","limit":"integer")"));
    CHECK(mentions(bad, R"({"parameter":"limit","in":"query","keyword":"minimum","limit":1)"));
    CHECK(mentions(bad, R"({"pointer":"/cents","keyword":"required")"));
}

TEST_CASE("a handler that its route cannot serve is found at start")
{
    router api;
    api.get("/users/{name}",
            valid_path(account_schema, [](const request&, account) { return text(""); }));
    api.post("/stream", valid(payment_schema, echo_later), {.body = body_use::streamed});
    const auto frozen = api.freeze();
    REQUIRE_FALSE(frozen);
    CHECK(mentions(frozen.error().text(), "expects a path parameter `id`"));
    CHECK(mentions(frozen.error().text(), "expects the whole body"));

    struct nested {
        payment inner;
    };
    const auto nested_schema =
        schema::object<nested>().field("inner", &nested::inner, payment_schema);
    CHECK_THROWS_AS(static_cast<void>(in_query(nested_schema)), std::logic_error);
}
