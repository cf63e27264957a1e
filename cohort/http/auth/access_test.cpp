#include <cohort/http/auth/access.hpp>

#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace cohort;
using namespace cohort::http;

namespace {

struct payment {
    std::string owner;
};

role_policy policy(std::vector<grant> customer = {"payments:create"})
{
    const auto own = when<payment>(
        "own", [](const subject& who, const payment& what) { return what.owner == who.id; });
    const auto self = when<request>("self", [](const subject& who, const request& of) {
        return of.path<std::string_view>("user") == who.id;
    });
    customer.emplace_back("payments:read", own);
    customer.emplace_back("users:read", self);
    auto made =
        role_policy::compile({.permissions = {"payments:read", "payments:create", "users:read"},
                              .roles = {{.name = "customer", .allow = std::move(customer)},
                                        {.name = "auditor", .allow = {"payments:read"}},
                                        {.name = "banned", .deny = {"*"}}}});
    REQUIRE_MESSAGE(made, (made ? "" : made.error().text()));
    return std::move(*made);
}

/// Whoever "User" and "Roles" say it is.
hooks believing()
{
    return {.name = "believing", .before = [](request& of) -> std::optional<response> {
                if (const auto user = of.header("User"))
                    of.attach(subject{.id = std::string{*user},
                                      .roles = {std::string{of.header("Roles").value_or("")}}});
                return std::nullopt;
            }};
}

response plain(const request&) { return text("done"); }

route_options needs(std::string name) { return {.notes = {permission{std::move(name)}}}; }

struct shop {
    shop()
    {
        api.on_handler_error([](const request&, std::string_view) noexcept {});
        api.use(believing());
        access(api, control);
        api.post("/payments", plain, needs("payments:create"));
        api.get("/users/{user}", plain, needs("users:read"));
        api.get("/health", plain, {.notes = {open_to_all{}}});
        api.get(
            "/payments/{owner}",
            [](const request& of) {
                require_access(of, payment{of.path<std::string>("owner")});
                return text(may(of, "payments:create") ? "may create" : "may read");
            },
            needs("payments:read"));
        api.get("/forgetful", plain, needs("payments:read"));
        REQUIRE(api.freeze());
    }

    response send(std::string_view line, std::string_view user = {}, std::string_view role = {})
    {
        std::string fields;
        if (!user.empty())
            fields = "User: " + std::string{user} + "\r\nRoles: " + std::string{role} + "\r\n";
        http::detail::parsed one{line, fields};
        return api.plan_for(one.of).to->run(one.of);
    }

    std::shared_ptr<access_control> control = std::make_shared<access_control>(policy());
    router api;
};

std::string frozen(route_options options)
{
    router api;
    access(api, std::make_shared<access_control>(policy()));
    api.group("/inner").get("/x", plain, std::move(options));
    const auto done = api.freeze();
    return done ? "" : done.error().text();
}

}  // namespace

TEST_CASE("who has the permission passes, others get 403 and no reason, nobody gets 401")
{
    shop here;
    CHECK(here.send("POST /payments", "ada", "customer").status() == 200);
    const auto refused = here.send("POST /payments", "bob", "auditor");
    CHECK(refused.status() == 403);
    CHECK(refused.body() == R"({"title":"Forbidden","status":403})");
    CHECK(here.send("POST /payments", "eve", "banned").status() == 403);
    CHECK(here.send("POST /payments", "eve", "root").status() == 403);
    const auto unknown = here.send("POST /payments");
    CHECK(unknown.status() == 401);
    CHECK(unknown.header("WWW-Authenticate") == "Bearer");
    CHECK(here.control->counts().allowed == 1);
    CHECK(here.control->counts().refused == 3);
    CHECK(here.control->counts().unknown == 1);
}

TEST_CASE("open routes are open, and what is not there is still not found")
{
    shop here;
    CHECK(here.send("GET /health").status() == 200);
    CHECK(here.send("GET /nothing").status() == 404);
    CHECK(here.send("PUT /payments").status() == 405);
    CHECK(here.send("OPTIONS /payments").status() == 204);
}

TEST_CASE("a condition about the request is asked before the handler")
{
    shop here;
    CHECK(here.send("GET /users/ada", "ada", "customer").status() == 200);
    CHECK(here.send("GET /users/bob", "ada", "customer").status() == 403);
    CHECK(here.send("HEAD /users/bob", "ada", "customer").status() == 403);
}

TEST_CASE("a condition about the object is asked by the handler")
{
    shop here;
    CHECK(here.send("GET /payments/ada", "ada", "customer").body() == "may create");
    CHECK(here.send("GET /payments/bob", "ada", "customer").status() == 403);
    CHECK(here.send("GET /payments/bob", "cy", "auditor").body() == "may read");
    CHECK(here.send("GET /payments/ada", "ada", "banned").status() == 403);
}

TEST_CASE("a handler that should have asked and did not gives no answer away")
{
    shop here;
    const auto answer = here.send("GET /forgetful", "ada", "customer");
    CHECK(answer.status() == 500);
    CHECK(answer.body().find("done") == std::string::npos);
    CHECK(here.control->counts().unasked == 1);
    CHECK(here.send("GET /forgetful", "cy", "auditor").status() == 200);  // nothing to ask
}

TEST_CASE("a route that does not say who may use it does not start")
{
    CHECK(frozen(needs("payments:read")).empty());
    CHECK(frozen({.notes = {open_to_all{}}}).empty());
    CHECK(frozen({}).find("/inner/x") != std::string::npos);
    CHECK(frozen({}).find("says not who may use it") != std::string::npos);
    CHECK(frozen(needs("payments:write")).find("`payments:write` is not one") != std::string::npos);
    CHECK(frozen(needs("payments:*")).find("`payments:*` is not one") != std::string::npos);
    CHECK(frozen({.notes = {open_to_all{}, permission{"payments:read"}}})
              .find("asks for a permission and is open to all") != std::string::npos);
}

TEST_CASE("routes outside of the group are nobody's business")
{
    router api;
    auto inner = api.group("/inner");
    access(inner, std::make_shared<access_control>(policy()));
    inner.get("/x", plain, needs("payments:read"));
    api.get("/outer", plain);
    CHECK(api.freeze());
}

TEST_CASE("another policy is in force from the next request on, and counted by its epoch")
{
    shop here;
    CHECK(here.control->epoch() == 1);
    CHECK(here.send("POST /payments", "ada", "customer").status() == 200);
    CHECK(here.control->replace(policy({})) == 2U);
    CHECK(here.send("POST /payments", "ada", "customer").status() == 403);
    CHECK(here.control->epoch() == 2);
}

TEST_CASE("a policy that does not know what routes need is not put in force")
{
    shop here;
    auto other = role_policy::compile({.permissions = {"users:read"}, .roles = {}});
    REQUIRE(other);
    const auto done = here.control->replace(std::move(*other));
    REQUIRE_FALSE(done);
    CHECK(done.error().text().find("payments:") != std::string::npos);
    CHECK(here.control->epoch() == 1);
    CHECK(here.send("POST /payments", "ada", "customer").status() == 200);
}

TEST_CASE("what is asked without access() around is a mistake")
{
    http::detail::parsed one{"GET /"};
    CHECK_THROWS_AS((void)may(one.of, "payments:read"), std::logic_error);
    CHECK_THROWS_AS(require_access(one.of, payment{"ada"}), std::logic_error);
    CHECK_THROWS_AS((void)subject_of(one.of), refusal);
}

TEST_CASE("who is allowed by a condition about the request is not refused by one about the object")
{
    const auto read = [](std::string line, std::string_view user) {
        const auto office = when<request>("office", [](const subject&, const request& of) {
            return of.header("Office").has_value();
        });
        const auto own = when<payment>(
            "own", [](const subject& who, const payment& what) { return what.owner == who.id; });
        auto made = role_policy::compile(
            {.permissions = {"payments:read"},
             .roles = {
                 {.name = "clerk", .allow = {{"payments:read", office}, {"payments:read", own}}}}});
        REQUIRE(made);
        router api;
        api.on_handler_error([](const request&, std::string_view) noexcept {});
        api.use(believing());
        access(api, std::make_shared<access_control>(std::move(*made)));
        api.get(
            "/payments",
            [](const request& of) {
                require_access(of, payment{"ada"});
                return text("done");
            },
            needs("payments:read"));
        REQUIRE(api.freeze());
        line += "User: " + std::string{user} + "\r\nRoles: clerk\r\n";
        http::detail::parsed one{"GET /payments", line};
        return api.plan_for(one.of).to->run(one.of).status();
    };
    CHECK(read("Office: yes\r\n", "bob") == 200);
    CHECK(read("", "ada") == 200);
    CHECK(read("", "bob") == 403);
}
