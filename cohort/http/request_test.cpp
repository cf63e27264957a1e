#include <cohort/http/request.hpp>

#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace cohort::http;
using cohort::http::detail::parsed;

namespace {

std::string refusal_of(const std::function<void()>& ask)
{
    try {
        ask();
    } catch (const refusal& no) {
        return std::to_string(no.status()) + " " + std::string{no.answer().body()};
    }
    return "none";
}

}  // namespace

TEST_CASE("a request shows its line and its fields as they were sent")
{
    const parsed it{"PURGE /a%20b?x=1&y", "X-A: 1\r\nx-a: 2\r\nAccept: */*\r\n"};
    CHECK(it.of.method() == method::other);
    CHECK(it.of.method_text() == "PURGE");
    CHECK(it.of.target() == "/a%20b?x=1&y");
    CHECK(it.of.path() == "/a%20b");
    CHECK(it.of.query() == "x=1&y");
    CHECK(it.of.host() == "test");
    CHECK(it.of.header("x-A") == "1");
    CHECK(it.of.headers("X-a") == std::vector<std::string_view>{"1", "2"});
    CHECK(it.of.headers().size() == 4);
    CHECK_FALSE(it.of.header("X-B"));
    CHECK(it.of.pattern().empty());
}

TEST_CASE("query parameters are decoded, found in order, and may repeat")
{
    const parsed it{"GET /?q=a+b%26c&q=2&empty=&bare&&%C3%A9=%E2%82%AC"};
    CHECK(it.of.query("q") == "a b&c");
    CHECK(it.of.query_all("q") == std::vector<std::string_view>{"a b&c", "2"});
    CHECK(it.of.query("empty") == "");
    CHECK(it.of.query("bare") == "");
    CHECK(it.of.query("é") == "€");
    CHECK_FALSE(it.of.query("none"));
    CHECK_FALSE(parsed{"GET /"}.of.query("q"));
}

TEST_CASE("query parameters that need no decoding are views of what was sent")
{
    const parsed it{"GET /?plain=abc&a%62c=d+e"};
    const std::string_view sent = it.of.query();
    CHECK(it.of.query("plain").value().data() == sent.data() + sent.find("abc"));
    CHECK(it.of.query("abc") == "d e");
    REQUIRE(it.of.query_fields().size() == 2);
    CHECK(it.of.query_fields()[1].name == "abc");
    CHECK(it.of.query_fields()[1].value == "d e");
}

TEST_CASE("a query that is not well formed is refused where it is read")
{
    const parsed invalid{"GET /?a=%ff"};
    CHECK(refusal_of([&] { static_cast<void>(invalid.of.query("a")); }).starts_with("400"));
}

TEST_CASE("typed query parameters say what was expected")
{
    const parsed it{"GET /?n=12&big=300&neg=-1&f=2.5&yes=true&no=0&word=abc"};
    CHECK(it.of.query<int>("n") == 12);
    CHECK(it.of.query<int>("neg") == -1);
    CHECK(it.of.query<double>("f") == 2.5);
    CHECK(it.of.query<bool>("yes"));
    CHECK_FALSE(it.of.query<bool>("no"));
    CHECK(it.of.query<std::string>("word") == "abc");
    CHECK(it.of.query_or<int>("missing", 7) == 7);
    CHECK(it.of.query_or<int>("n", 7) == 12);
    CHECK(it.of.query<int>("n", 0, 12) == 12);

    CHECK(refusal_of([&] { static_cast<void>(it.of.query<int>("n", 0, 11)); }) ==
          R"(400 {"title":"Bad Request","status":400,"detail":"query parameter `n` must be an )"
          R"(integer from 0 to 11","parameter":"n","in":"query","expected":"an integer from 0 )"
          R"(to 11"})");
    for (const auto& bad : std::vector<std::function<void()>>{
             [&] { static_cast<void>(it.of.query<std::uint8_t>("big")); },
             [&] { static_cast<void>(it.of.query<unsigned>("neg")); },
             [&] { static_cast<void>(it.of.query<int>("word")); },
             [&] { static_cast<void>(it.of.query<int>("f")); },
             [&] { static_cast<void>(it.of.query<double>("word")); },
             [&] { static_cast<void>(it.of.query<bool>("n")); },
             [&] { static_cast<void>(it.of.query_or<int>("word", 1)); },
             [&] { static_cast<void>(it.of.query<int>("missing")); }})
        CHECK(refusal_of(bad).starts_with("400"));
}

TEST_CASE("asking for a path parameter that the pattern does not have is the program's mistake")
{
    const parsed it{"GET /"};
    CHECK_THROWS_AS(static_cast<void>(it.of.path<int>("id")), std::logic_error);
    CHECK_THROWS_AS(static_cast<void>(it.of.stream()), std::logic_error);
}

TEST_CASE("values attached to a request are found by their type")
{
    struct user {
        std::string name;
    };
    parsed it{"GET /"};
    CHECK(it.of.attached<user>() == nullptr);
    it.of.attach(user{"Ada"});
    user* const first = it.of.attached<user>();
    it.of.attach(42);
    it.of.attach(1.5);
    CHECK(it.of.attached<user>() == first);
    REQUIRE(it.of.attached<user>() != nullptr);
    CHECK(it.of.attached<user>()->name == "Ada");
    it.of.attach(user{"Grace"});
    CHECK(it.of.attached<user>()->name == "Grace");
    CHECK(*it.of.attached<int>() == 42);
}

TEST_CASE("a request knows its peer, its attempt and its worker's slot")
{
    const parsed alone{"GET /"};
    CHECK(alone.of.peer() == peer{});
    CHECK(alone.of.attempt() == 1);
    peer_lookup who{peer{}};
    const parsed again{"GET /", {}, {}, {.top = {}, .from = &who, .attempt = 2, .slot = 3}};
    CHECK(&again.of.peer() == &who.get());
    CHECK(again.of.attempt() == 2);
    CHECK(again.of.slot() == 3);
}

TEST_CASE("Host is the target's where the target names one, not the field's")
{
    const parsed absolute{"GET http://real.example:8080/path"};
    CHECK(absolute.of.host() == "real.example:8080");
    CHECK(absolute.of.header("host") == "real.example:8080");
    CHECK(absolute.of.headers("Host") == std::vector<std::string_view>{"real.example:8080"});
    CHECK(absolute.of.headers().at(0).value == "real.example:8080");

    const parsed origin{"GET /path"};
    CHECK(origin.of.header("Host") == "test");
}

TEST_CASE("OPTIONS of an absolute target without a path is for the whole server")
{
    CHECK(parsed{"OPTIONS http://host.example"}.of.path() == "*");
    CHECK(parsed{"OPTIONS http://host.example/"}.of.path() == "/");
    CHECK(parsed{"OPTIONS http://host.example?query"}.of.path() == "/");
    CHECK(parsed{"GET http://host.example"}.of.path() == "/");
}
