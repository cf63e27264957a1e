#include <cohort/http/response.hpp>

#include <cohort/http/json.hpp>
#include <cohort/http/problem.hpp>

#include <cohort/base/error.hpp>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace cohort::http;
using cohort::failure;

TEST_CASE("each factory sets the status, the type and the body that its name promises")
{
    const response plain = text("hello");
    CHECK(plain.status() == 200);
    CHECK(plain.content_type() == "text/plain; charset=utf-8");
    CHECK(plain.body() == "hello");

    CHECK(html("<p>").content_type() == "text/html; charset=utf-8");
    CHECK(bytes("image/png", "…", 206).header("content-type") == "image/png");
    CHECK(bytes("image/png", "…", 206).status() == 206);
    CHECK(no_content().status() == 204);
    CHECK_FALSE(no_content().may_have_body());
    CHECK(no_content().content_type().empty());

    const response list = json(std::map<std::string, int>{{"a", 1}});
    CHECK(list.content_type() == "application/json");
    CHECK(list.body() == R"({"a":1})");

    const response made = created("/users/7", {{"id", 7}});
    CHECK(made.status() == 201);
    CHECK(made.header("Location") == "/users/7");
    CHECK(made.body() == R"({"id":7})");
}

TEST_CASE("a header can be chained onto a new response, and Content-Type replaced by it")
{
    const response answer = text("x").status(202).header("X-A", "1").add_header("X-A", "2");
    CHECK(answer.status() == 202);
    CHECK(answer.fields().wire() == "X-A: 1\r\nX-A: 2\r\n");

    response typed = text("x").header("content-type", "text/csv");
    CHECK(typed.content_type() == "text/csv");
    CHECK(typed.fields().empty());
    typed.remove_header("Content-Type");
    CHECK_FALSE(typed.header("Content-Type"));
}

TEST_CASE("headers that frame the message belong to the server")
{
    response answer;
    for (const char* name : {"Content-Length", "transfer-encoding", "CONNECTION", "Date"})
        CHECK_THROWS_AS(answer.header(name, "1"), failure);
    CHECK_THROWS_AS(answer.header("Content-Type", "a\r\nb"), failure);
    CHECK(answer.fields().empty());
}

TEST_CASE("statuses that could not end a request are refused")
{
    for (const unsigned status : {0U, 100U, 101U, 199U, 600U, 70'000U})
        CHECK_THROWS_AS(response{status}, failure);
    CHECK(response{599}.status() == 599);
}

TEST_CASE("a redirect stays on this site unless the program says otherwise")
{
    const response stay = redirect("/login?next=%2Fhome");
    CHECK(stay.status() == 302);
    CHECK(stay.header("Location") == "/login?next=%2Fhome");
    CHECK(redirect("/", 308).status() == 308);

    for (const char* bad :
         {"", "login", "//evil.example", "/\\evil.example", "https://evil.example",
          "/\t/evil.example", "/a\r\nSet-Cookie: x=1", "/a b", "\\\\evil.example"})
        CHECK_THROWS_AS(static_cast<void>(redirect(bad)), failure);
    CHECK_THROWS_AS(static_cast<void>(redirect("/", 200)), failure);
    CHECK(redirect_to_other_site("https://example.org/").header("Location") ==
          "https://example.org/");
    CHECK_THROWS_AS(static_cast<void>(redirect_to_other_site("https://example.org/\r\nX: 1")),
                    failure);
}

TEST_CASE("a problem is a document of RFC 9457 whose title defaults to the status' phrase")
{
    const response lost = problem(404);
    CHECK(lost.content_type() == "application/problem+json");
    CHECK(lost.body() == R"({"title":"Not Found","status":404})");

    const auto full = boost::json::parse(
        std::string{problem(403, "Out of credit", "It costs 50.", {{"balance", 30}}).body()});
    CHECK(full.at("title") == "Out of credit");
    CHECK(full.at("detail") == "It costs 50.");
    CHECK(full.at("balance") == 30);

    const auto typed = boost::json::parse(
        std::string{problem(403, {}, {}, {{"type", "https://example.org/credit"}}).body()});
    CHECK(typed.at("type") == "https://example.org/credit");

    CHECK(overloaded().status() == 503);
    CHECK(overloaded().header("Retry-After") == "1");
}

TEST_CASE("a refusal becomes a problem with its members and headers")
{
    const refusal no =
        refusal{429, "Slow down"}.detail("Later.").member("limit", 5).header("Retry-After", "30");
    const response answer = no.answer();
    CHECK(answer.status() == 429);
    CHECK(answer.header("Retry-After") == "30");
    CHECK(answer.body() == R"({"title":"Slow down","status":429,"detail":"Later.","limit":5})");
    CHECK(std::string_view{no.what()} == "Slow down");

    CHECK(refusal{418}.answer().status() == 418);
    CHECK(refusal{200}.answer().status() == 500);
    CHECK_THROWS_AS(refusal{400}.header("X", "a\nb"), failure);
    CHECK_THROWS_AS(refusal{400}.header("Content-Length", "1"), failure);
}

TEST_CASE("a streamed response keeps its producer where it is when it moves")
{
    response first = stream("text/event-stream", [](body_writer&) -> cohort::task<> { co_return; });
    CHECK(first.streams());
    const body_producer* const before = &first.producer();
    response second = std::move(first);
    CHECK(&second.producer() == before);
    CHECK(second.content_type() == "text/event-stream");
}
