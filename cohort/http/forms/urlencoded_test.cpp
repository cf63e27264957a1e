#include <cohort/http/forms/urlencoded.hpp>

#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;

namespace {

unsigned refused(std::string_view fields, std::string_view body, const urlencoded_limits& l = {})
{
    const http::detail::parsed asked{"POST /", fields, body};
    try {
        static_cast<void>(form_of(asked.of, l));
    } catch (const refusal& why) {
        return why.status();
    }
    return 0;
}

constexpr std::string_view as_form = "Content-Type: application/x-www-form-urlencoded\r\n";

}  // namespace

TEST_CASE("fields are read in their order, and a name may be there twice")
{
    const auto read = parse_urlencoded("a=1&b=two+words&a=%C3%A4&&empty=&bare&=nameless&e==");
    REQUIRE(read);
    const std::vector<form::field> expected{{"a", "1"},    {"b", "two words"}, {"a", "ä"},
                                            {"empty", ""}, {"bare", ""},       {"", "nameless"},
                                            {"e", "="}};
    CHECK(read->fields() == expected);
    CHECK(read->find("a") == "1");
    CHECK(read->find_all("a") == std::vector<std::string_view>{"1", "ä"});
    CHECK_FALSE(read->find("c"));
    CHECK(read->at("b") == "two words");
    CHECK_THROWS_AS(static_cast<void>(read->at("c")), refusal);
    CHECK(parse_urlencoded("")->fields().empty());
}

TEST_CASE("broken escapes, NUL and what is no UTF-8 are refused, and the field is named")
{
    for (const char* const bad : {"a=%", "a=%4", "a=%zz", "%=1", "a=%00", "a=%ff", "a=\xff"}) {
        CAPTURE(bad);
        const auto read = parse_urlencoded(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().why() == errc::malformed);
    }
    CHECK(parse_urlencoded("good=1&bad=%zz").error().subject() == "bad");
}

TEST_CASE("a form is bounded in its fields and in their sizes")
{
    const urlencoded_limits small{
        .pairs_max = 2, .name_bytes_max = 3, .value_bytes_max = 4, .bytes_max = 16};
    CHECK(parse_urlencoded("a=1&b=2", small));
    CHECK(parse_urlencoded("&&&a=1&&b=2&&", small));
    for (const char* const big : {"a=1&b=2&c=3", "long=1", "a=12345", "a=1234&b=12&&&&&&&"}) {
        CAPTURE(big);
        const auto read = parse_urlencoded(big, small);
        REQUIRE_FALSE(read);
        CHECK(read.error().why() == errc::too_large);
    }
    std::string thousand;
    for (int i = 0; i < 1000; ++i)
        thousand += "a=1&";
    CHECK(parse_urlencoded(thousand));
    CHECK_FALSE(parse_urlencoded(thousand + "a=1"));
}

TEST_CASE("form_of takes the body of a request, or refuses it with the right status")
{
    CHECK(refused(as_form, "a=1") == 0);
    CHECK(refused("Content-Type: Application/X-WWW-Form-Urlencoded; charset=UTF-8\r\n", "") == 0);
    CHECK(refused("", "a=1") == 415);
    CHECK(refused("Content-Type: text/plain\r\n", "a=1") == 415);
    CHECK(refused("Content-Type: application/x-www-form-urlencoded; charset=latin1\r\n", "") ==
          415);
    CHECK(refused(as_form, "a=%") == 400);
    CHECK(refused(as_form, "a=1&b=2", {.pairs_max = 1}) == 413);
}
