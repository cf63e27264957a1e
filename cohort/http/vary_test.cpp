#include <cohort/http/vary.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;

TEST_CASE("Vary names each field once, in one line")
{
    response answer = text("x");
    add_vary(answer, "Origin");
    add_vary(answer, "origin");
    CHECK(answer.header("Vary") == "Origin");
    answer.add_header("Vary", "Cookie");
    add_vary(answer, "Accept-Encoding");
    CHECK(answer.fields().find_all("Vary").size() == 1);
    CHECK(answer.header("Vary") == "Origin, Cookie, Accept-Encoding");
}

TEST_CASE("an answer that depends on everything says nothing more")
{
    response answer = text("x").header("Vary", "*");
    add_vary(answer, "Origin");
    CHECK(answer.header("Vary") == "*");
}
