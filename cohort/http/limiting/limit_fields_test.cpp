#include <cohort/http/limiting/limit_fields.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

limit_statement two_a_minute(limit_form form)
{
    return {.name = "2-in-1min",
            .partition = "abc",
            .policy = {.limit = 2, .window = 60s},
            .ruling = {.admitted = true, .remaining = 1, .more_in = 60s},
            .form = form};
}

std::string written(const std::vector<limit_statement>& all)
{
    response answer;
    write_limit_fields(answer, all, 1'700'000'000);
    return std::string{answer.fields().wire()};
}

}  // namespace

TEST_CASE("each form is written as its users know it")
{
    CHECK(written({two_a_minute(limit_form::draft8)}) ==
          "RateLimit-Policy: \"2-in-1min\"; q=2; w=60; pk=:YWJj:\r\n"
          "RateLimit: \"2-in-1min\"; r=1; t=60\r\n");
    CHECK(written({two_a_minute(limit_form::draft7)}) ==
          "RateLimit-Policy: 2;w=60\r\nRateLimit: limit=2, remaining=1, reset=60\r\n");
    CHECK(written({two_a_minute(limit_form::draft6)}) ==
          "RateLimit-Policy: 2;w=60\r\nRateLimit-Limit: 2\r\nRateLimit-Remaining: 1\r\n"
          "RateLimit-Reset: 60\r\n");
    CHECK(written({two_a_minute(limit_form::legacy)}) ==
          "X-RateLimit-Limit: 2\r\nX-RateLimit-Remaining: 1\r\nX-RateLimit-Reset: 1700000060\r\n");
    CHECK(written({two_a_minute(limit_form::none)}).empty());
}

TEST_CASE("several limits are lists, or the tightest where a form has no lists")
{
    auto one = two_a_minute(limit_form::draft8);
    limit_statement other{.name = "daily",
                          .policy = {.limit = 900, .window = 24h},
                          .ruling = {.admitted = true, .remaining = 0, .more_in = 1ns}};
    CHECK(written({one, other}) ==
          "RateLimit-Policy: \"2-in-1min\"; q=2; w=60; pk=:YWJj:, \"daily\"; q=900; w=86400\r\n"
          "RateLimit: \"2-in-1min\"; r=1; t=60, \"daily\"; r=0; t=1\r\n");
    one.form = other.form = limit_form::draft7;
    CHECK(written({one, other}) == "RateLimit-Policy: 2;w=60, 900;w=86400\r\n"
                                   "RateLimit: limit=900, remaining=0, reset=1\r\n");
}

TEST_CASE("of forms that use the same names the latest draft's stays")
{
    CHECK(written({two_a_minute(limit_form::draft8), two_a_minute(limit_form::draft7)}) ==
          written({two_a_minute(limit_form::draft8)}));
    CHECK(written({two_a_minute(limit_form::legacy), two_a_minute(limit_form::draft7)}) ==
          written({two_a_minute(limit_form::legacy)}) +
              written({two_a_minute(limit_form::draft7)}));
}

TEST_CASE("a refusal is a problem of the draft's type, and says when to come back")
{
    auto one = two_a_minute(limit_form::draft8);
    one.ruling = {.admitted = false, .remaining = 0, .more_in = 1'500ms};
    const response answer = limit_refusal(one);
    CHECK(answer.status() == 429);
    CHECK(answer.header("Retry-After") == "2");
    CHECK(answer.content_type() == "application/problem+json");
    CHECK(
        answer.body().find("\"https://iana.org/assignments/http-problem-types#quota-exceeded\"") !=
        std::string_view::npos);
    CHECK(answer.body().find("\"violated-policies\":[\"2-in-1min\"]") != std::string_view::npos);
}
