#include <cohort/http/router.hpp>

#include <cohort/http/detail/parsed_test.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace cohort::http;
using cohort::http::detail::parsed;

namespace {

/// Answers with its own pattern, so that tests see which route ran.
response say_pattern(const request& of) { return text(std::string{of.pattern()}); }

cohort::task<response> coroutine(const request&) { co_return text("later"); }

/// "200 body", "405 Allow", "404".
std::string ask(const router& api, std::string_view line)
{
    parsed it{line};
    const plan found = api.plan_for(it.of);
    const response answer = found.to->run(it.of);
    std::string words = std::to_string(answer.status());
    if (const auto allow = answer.header("Allow"))
        words += fmt::format(" {}", *allow);
    else if (found.registered)
        words += fmt::format(" {}", answer.body());
    return words;
}

router with(std::initializer_list<const char*> patterns)
{
    router api;
    for (const char* pattern : patterns)
        api.get(pattern, say_pattern);
    REQUIRE(api.freeze());
    return api;
}

std::string mistakes(router& api)
{
    const auto frozen = api.freeze();
    return frozen ? "" : frozen.error().text();
}

bool mentions(const std::string& text, std::string_view words)
{
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a path is matched exactly, final slash and letter case included")
{
    const router api = with({"/", "/users", "/users/", "/café"});
    CHECK(ask(api, "GET /") == "200 /");
    CHECK(ask(api, "GET /users") == "200 /users");
    CHECK(ask(api, "GET /users/") == "200 /users/");
    CHECK(ask(api, "GET /caf%C3%A9") == "200 /café");
    CHECK(ask(api, "GET /%75sers?x=/y") == "200 /users");
    for (const char* other :
         {"GET /Users", "GET /user", "GET /users//", "GET //", "GET //users", "GET /users/x"})
        CHECK(ask(api, other) == "404");
}

TEST_CASE("plain text is taken before a parameter and a parameter before the rest")
{
    for (const auto& patterns :
         {std::initializer_list<const char*>{"/a/{rest...}", "/a/{x}", "/a/b", "/{y}/b"},
          std::initializer_list<const char*>{"/{y}/b", "/a/b", "/a/{x}", "/a/{rest...}"}})
    {
        const router api = with(patterns);
        CHECK(ask(api, "GET /a/b") == "200 /a/b");
        CHECK(ask(api, "GET /a/c") == "200 /a/{x}");
        CHECK(ask(api, "GET /a/c/d") == "200 /a/{rest...}");
        CHECK(ask(api, "GET /a/") == "200 /a/{rest...}");
        CHECK(ask(api, "GET /z/b") == "200 /{y}/b");
        CHECK(ask(api, "GET /a") == "404");
        CHECK(ask(api, "GET /z/c") == "404");
    }
}

TEST_CASE("a dead end among the specific routes does not hide a less specific one")
{
    const router api = with({"/a/b/c", "/a/{x}/d", "/{y}/b/e", "/{rest...}"});
    CHECK(ask(api, "GET /a/b/c") == "200 /a/b/c");
    CHECK(ask(api, "GET /a/b/d") == "200 /a/{x}/d");
    CHECK(ask(api, "GET /a/b/e") == "200 /{y}/b/e");
    CHECK(ask(api, "GET /a/b/f") == "200 /{rest...}");
    CHECK(ask(api, "GET /") == "200 /{rest...}");
}

TEST_CASE("path parameters are decoded per segment and read by type")
{
    router api;
    api.get("/users/{id}/{name}", [](const request& of) {
        return text(std::to_string(of.path<int>("id", 1, 90)) + "|" + of.path<std::string>("name"));
    });
    api.get("/files/{path...}",
            [](const request& of) { return text(of.path<std::string>("path")); });
    api.get("/{word}",
            [](const request& of) { return text(std::string{of.path<std::string_view>("word")}); });
    REQUIRE(api.freeze());
    CHECK(ask(api, "GET /users/7/a%20b+c") == "200 7|a b+c");
    CHECK(ask(api, "GET /users/7/%C3%A9%2Fx") == "200 7|é/x");
    CHECK(ask(api, "GET /users/91/x").starts_with("400"));
    CHECK(ask(api, "GET /users/x/x").starts_with("400"));
    CHECK(ask(api, "GET /files/a/b%20c/d.txt") == "200 a/b c/d.txt");
    CHECK(ask(api, "GET /files/") == "200 ");
    CHECK(ask(api, "GET /%2541") == "200 %41");
    CHECK(ask(api, "GET /...") == "200 ...");
    CHECK(ask(api, "GET /.well-known") == "200 .well-known");
    CHECK(ask(api, "GET /users//x") == "404");
}

TEST_CASE("paths that could mean two things are refused")
{
    const router api = with({"/{word}", "/files/{path...}", "/a/b"});
    for (const char* bad : {"GET /..", "GET /a/../b", "GET /./a", "GET /a/.", "GET /a/..",
                            "GET /%2e%2e/x", "GET /a/%2E", "GET /files/..%2fetc", "GET /%ff",
                            "GET /files/a%2Fb", "GET /..%2Fetc%2Fpasswd", "GET /%C0%AF"})
    {
        CAPTURE(bad);
        CHECK(ask(api, bad) == "400");
    }
}

TEST_CASE("a wrong method is answered with 405 and the methods that there are")
{
    router api;
    api.get("/users", say_pattern).post("/users", say_pattern);
    api.put("/users/{id}", say_pattern).del("/users/{id}", say_pattern);
    api.patch("/users/me", say_pattern);
    REQUIRE(api.freeze());
    CHECK(ask(api, "DELETE /users") == "405 GET, HEAD, POST, OPTIONS");
    CHECK(ask(api, "GET /users/7") == "405 PUT, DELETE, OPTIONS");
    CHECK(ask(api, "GET /users/me") == "405 PUT, DELETE, PATCH, OPTIONS");
    CHECK(ask(api, "PUT /users/me") == "200 /users/{id}");
    CHECK(ask(api, "PATCH /users/me") == "200 /users/me");
    CHECK(ask(api, "TRACE /users") == "405 GET, HEAD, POST, OPTIONS");
    CHECK(ask(api, "PURGE /users") == "501");
    CHECK(ask(api, "PURGE /nothing") == "404");
}

TEST_CASE("HEAD is answered by GET and OPTIONS by what there is, unless a route says otherwise")
{
    router api;
    api.get("/a", say_pattern);
    api.get("/b", say_pattern);
    api.head("/b", [](const request&) { return text("own head"); });
    api.options("/b", [](const request&) { return text("own options"); });
    REQUIRE(api.freeze());
    CHECK(ask(api, "HEAD /a") == "200 /a");
    CHECK(ask(api, "OPTIONS /a") == "204 GET, HEAD, OPTIONS");
    CHECK(ask(api, "HEAD /b") == "200 own head");
    CHECK(ask(api, "OPTIONS /b") == "200 own options");
    CHECK(ask(api, "OPTIONS /c") == "404");
    CHECK(ask(api, "OPTIONS *") == "204 GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS");
}

TEST_CASE("any takes every method without a route of its own, unknown ones included")
{
    router api;
    api.any("/echo", say_pattern);
    api.post("/echo", [](const request&) { return text("post"); });
    REQUIRE(api.freeze());
    for (const char* line : {"GET /echo", "HEAD /echo", "OPTIONS /echo", "PURGE /echo"})
        CHECK(ask(api, line) == "200 /echo");
    CHECK(ask(api, "POST /echo") == "200 post");
}

TEST_CASE("groups and mounted routers put their prefix before their routes")
{
    router api;
    routes v1 = api.group("/v1");
    v1.get("/users", say_pattern);
    v1.group("/teams/{team}").get("", say_pattern).get("/members", say_pattern);
    api.group("").get("/top", say_pattern);
    api.group("/").get("/slash", say_pattern);
    router admin;
    admin.get("/", say_pattern).get("/stats", say_pattern);
    api.mount("/admin", std::move(admin));
    REQUIRE(api.freeze());
    CHECK(ask(api, "GET /v1/users") == "200 /v1/users");
    CHECK(ask(api, "GET /v1/teams/red") == "200 /v1/teams/{team}");
    CHECK(ask(api, "GET /v1/teams/red/members") == "200 /v1/teams/{team}/members");
    CHECK(ask(api, "GET /top") == "200 /top");
    CHECK(ask(api, "GET /slash") == "200 /slash");
    CHECK(ask(api, "GET /admin/") == "200 /admin/");
    CHECK(ask(api, "GET /admin/stats") == "200 /admin/stats");
    CHECK(ask(api, "GET /admin") == "404");
    CHECK(api.all().size() == 7);
    CHECK(api.all().front()->name() == "GET /admin/");
}

TEST_CASE("two routes that take the same requests are found at start, with both places")
{
    router api;
    api.get("/users/{id}", say_pattern);
    api.put("/users/{name}", say_pattern);
    api.group("/users").get("/{other}", say_pattern);
    const std::string words = mistakes(api);
    CAPTURE(words);
    CHECK(mentions(words, "GET /users/{id} ("));
    CHECK(mentions(words, "and GET /users/{other} ("));
    CHECK(mentions(words, "router_test.cpp:"));
    CHECK(mentions(words, "take the same requests"));
    CHECK_FALSE(mentions(words, "PUT"));
}

TEST_CASE("patterns that could never match are found at start, all at once")
{
    for (const char* bad :
         {"", "users", "/a//b", "/a{b}", "/{a", "/{}", "/{1a}", "/{a}/{a}", "/{a...}/b", "/{a..}",
          "/a%20b", "/a b", "/..", "/a?b", "/{a}{b}", "/a#b"})
    {
        CAPTURE(bad);
        router api;
        api.get(bad, say_pattern);
        CHECK(mentions(mistakes(api), "router_test.cpp:"));
    }
    router api;
    api.get("x", say_pattern).get("/{", say_pattern);
    const std::string words = mistakes(api);
    CHECK(mentions(words, "begins with /"));
    CHECK(mentions(words, "whole segment"));
}

TEST_CASE("a pattern with more parameters than a request can hold is found at start")
{
    std::string pattern;
    for (std::size_t i = 0; i <= request::parameters_max; ++i)
        pattern += fmt::format("/{{p{}}}", i);
    router api;
    api.get(pattern, say_pattern);
    CHECK(mentions(mistakes(api), "more than 16 parameters"));
}

TEST_CASE("options that contradict the handler are found at start")
{
    router api;
    api.get("/a", coroutine, {.cpu_bound = true});
    api.post("/b", say_pattern, {.body = body_use::streamed});
    api.get("/c", say_pattern, {.deadline = std::chrono::seconds{1}});
    api.get("/d", coroutine, {.deadline = std::chrono::seconds{-1}});
    const std::string words = mistakes(api);
    CHECK(mentions(words, "cpu_bound needs a plain function"));
    CHECK(mentions(words, "a streamed body needs a coroutine"));
    CHECK(mentions(words, "a deadline needs a coroutine"));
    CHECK(mentions(words, "a deadline cannot be negative"));
}

TEST_CASE("a route says how it wants to be run and whether it may run twice")
{
    router api;
    api.get("/plain", say_pattern);
    api.get("/heavy", say_pattern, {.cpu_bound = true, .name = "heavy"});
    api.post("/later", coroutine, {.body_max = 10, .replayable = true});
    REQUIRE(api.freeze());
    const auto route_of = [&](std::string_view line) {
        parsed it{line};
        return api.plan_for(it.of).to;
    };
    CHECK(route_of("GET /plain")->mode() == run_mode::in_line);
    CHECK(route_of("GET /plain")->replayable(method::get));
    CHECK_FALSE(route_of("GET /plain")->replayable(method::post));
    CHECK(route_of("GET /heavy")->mode() == run_mode::lane);
    CHECK(route_of("GET /heavy")->name() == "heavy");
    CHECK(route_of("POST /later")->mode() == run_mode::coroutine);
    CHECK(route_of("POST /later")->options().body_max == 10);
    CHECK(route_of("POST /later")->replayable(method::post));
    CHECK(route_of("GET /nothing")->options().body == body_use::unread);
}

TEST_CASE("a route carries notes of any type, and a group's rules may refuse those without")
{
    struct shelf {
        int number;
    };
    router api;
    routes books = api.group("/books");
    books.check([](const route& each) -> std::optional<std::string> {
        if (each.note<shelf>() != nullptr)
            return std::nullopt;
        return "a book stands on a shelf";
    });
    api.get("/", say_pattern);
    books.get("/{id}", say_pattern, {.notes = {shelf{3}, std::string{"words"}}});
    books.group("/old").get("/", say_pattern);
    const auto frozen = api.freeze();
    REQUIRE_FALSE(frozen);
    CHECK(mentions(frozen.error().text(), "GET /books/old/"));
    CHECK(mentions(frozen.error().text(), "a book stands on a shelf"));
    CHECK_FALSE(mentions(frozen.error().text(), "/books/{id}"));

    router good;
    good.get(
        "/books/{id}",
        [](const request& of) { return text(std::to_string(of.route()->note<shelf>()->number)); },
        {.notes = {shelf{3}}});
    REQUIRE(good.freeze());
    CHECK(ask(good, "GET /books/7") == "200 3");
}

TEST_CASE("a frozen router takes no more routes, and freezing it again changes nothing")
{
    router api;
    routes group = api.group("/g");
    api.get("/", say_pattern);
    REQUIRE(api.freeze());
    CHECK(api.freeze());
    CHECK_THROWS_AS(api.get("/late", say_pattern), std::logic_error);
    CHECK_THROWS_AS(group.get("/late", say_pattern), std::logic_error);
    const router moved = std::move(api);
    CHECK(ask(moved, "GET /") == "200 /");
}
