#include <cohort/http/conditions.hpp>

#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;
using cohort::http::detail::parsed;

namespace {

condition_outcome asked(std::string_view line, std::string_view fields, resource_state now)
{
    const parsed one{line, fields};
    return weigh(one.of, now);
}

constexpr auto weak = tag_strength::weak;
constexpr auto strong = tag_strength::strong;

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::int64_t then = 784'111'777;
const std::string that_date = "Sun, 06 Nov 1994 08:49:37 GMT\r\n";
const std::string earlier = "Sun, 06 Nov 1994 08:49:36 GMT\r\n";

condition_outcome check(const std::string& fields, std::string_view line = "GET /")
{
    return asked(line, fields, {.tag = "\"a\"", .modified = then});
}

bool applies(const std::string& fields, std::string_view tag = "\"a\"")
{
    const parsed one{"GET /", fields};
    return range_applies(one.of, {.tag = tag, .modified = then});
}

}  // namespace

TEST_CASE("tags are compared by the table of RFC 9110 section 8.8.3.2")
{
    CHECK_FALSE(tag_listed("W/\"1\"", "W/\"1\"", strong));
    CHECK(tag_listed("W/\"1\"", "W/\"1\"", weak));
    CHECK_FALSE(tag_listed("W/\"1\"", "W/\"2\"", weak));
    CHECK_FALSE(tag_listed("W/\"1\"", "\"1\"", strong));
    CHECK(tag_listed("W/\"1\"", "\"1\"", weak));
    CHECK(tag_listed("\"1\"", "\"1\"", strong));
}

TEST_CASE(
    "a tag is found in a list, whatever is in the tags, and a broken list matches nothing more")
{
    CHECK(tag_listed("\"a,b\", W/\"c\\\" ,\"d\"", "\"d\"", weak));
    CHECK(tag_listed(" * ", "\"x\"", strong));
    CHECK_FALSE(tag_listed("\"a\", \"*\"", "\"x\"", strong));
    CHECK_FALSE(tag_listed("x, \"a\"", "\"a\"", weak));
    CHECK_FALSE(tag_listed("\"a", "\"a\"", weak));
    CHECK_FALSE(tag_listed("a", "a", weak));
    CHECK_FALSE(tag_listed("", "\"a\"", weak));
    CHECK_FALSE(tag_listed("\"\"", "", weak));
}

TEST_CASE("a client that has it hears 304 when it reads, and 412 when it writes")
{
    CHECK(asked("GET /", "If-None-Match: \"1\"\r\n", {.tag = "\"1\""}) ==
          condition_outcome::not_modified);
    CHECK(asked("HEAD /", "If-None-Match: *\r\n", {.tag = "\"1\""}) ==
          condition_outcome::not_modified);
    CHECK(asked("PUT /", "If-None-Match: *\r\n", {.tag = "\"1\""}) == condition_outcome::failed);
    CHECK(asked("GET /", "If-None-Match: \"2\"\r\nIf-None-Match: W/\"1\"\r\n", {.tag = "\"1\""}) ==
          condition_outcome::not_modified);
    CHECK(asked("GET /", "If-None-Match: \"2\"\r\n", {.tag = "\"1\""}) == condition_outcome::met);
}

TEST_CASE("a client that has seen another version hears 412")
{
    CHECK(asked("PUT /", "If-Match: \"1\"\r\n", {.tag = "\"1\""}) == condition_outcome::met);
    CHECK(asked("PUT /", "If-Match: \"1\"\r\n", {.tag = "\"2\""}) == condition_outcome::failed);
    CHECK(asked("PUT /", "If-Match: W/\"1\"\r\n", {.tag = "W/\"1\""}) == condition_outcome::failed);
    CHECK(asked("PUT /", "If-Match: *\r\n", {.tag = "\"2\""}) == condition_outcome::met);
    CHECK(asked("GET /", "If-Match: \"1\"\r\nIf-None-Match: \"1\"\r\n", {.tag = "\"1\""}) ==
          condition_outcome::not_modified);
}

TEST_CASE("dates count where no tag is named, and what is no date is no condition")
{
    const std::string when = "Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    const auto at = [&](const std::string& fields, std::int64_t modified) {
        return asked("GET /", fields, {.tag = "\"1\"", .modified = modified});
    };
    CHECK(at("If-Modified-Since: " + when, then) == condition_outcome::not_modified);
    CHECK(at("If-Modified-Since: " + when, then + 1) == condition_outcome::met);
    CHECK(at("If-Modified-Since: " + when + "If-None-Match: \"2\"\r\n", then) ==
          condition_outcome::met);
    CHECK(at("If-Modified-Since: yesterday\r\n", then) == condition_outcome::met);
    CHECK(at("If-Unmodified-Since: " + when, then + 1) == condition_outcome::failed);
    CHECK(at("If-Unmodified-Since: " + when, then) == condition_outcome::met);
    CHECK(at("If-Unmodified-Since: " + when + "If-Match: \"1\"\r\n", then + 1) ==
          condition_outcome::met);
    CHECK(asked("POST /", "If-Modified-Since: " + when, {.tag = {}, .modified = then}) ==
          condition_outcome::met);
}

TEST_CASE("If-None-Match comes before If-Modified-Since")
{
    CHECK(check("") == condition_outcome::met);
    CHECK(check("If-None-Match: \"a\"\r\n") == condition_outcome::not_modified);
    CHECK(check("If-None-Match: W/\"a\"\r\n") == condition_outcome::not_modified);
    CHECK(check("If-None-Match: \"b\", \"a\"\r\n") == condition_outcome::not_modified);
    CHECK(check("If-None-Match: \"b\"\r\nIf-None-Match: \"a\"\r\n") ==
          condition_outcome::not_modified);
    CHECK(check("If-None-Match: *\r\n") == condition_outcome::not_modified);
    CHECK(check("If-None-Match: \"b\"\r\nIf-Modified-Since: " + that_date) ==
          condition_outcome::met);
    CHECK(check("If-None-Match: a\r\n") == condition_outcome::met);
    CHECK(check("If-None-Match: \"a\"\r\n", "DELETE /") == condition_outcome::failed);
    CHECK(check("If-Modified-Since: " + that_date) == condition_outcome::not_modified);
    CHECK(check("If-Modified-Since: " + earlier) == condition_outcome::met);
    CHECK(check("If-Modified-Since: yesterday\r\n") == condition_outcome::met);
    CHECK(check("If-Modified-Since: " + that_date, "DELETE /") == condition_outcome::met);
}

TEST_CASE("If-Match comes before If-Unmodified-Since, and before all others")
{
    CHECK(check("If-Match: \"a\"\r\n") == condition_outcome::met);
    CHECK(check("If-Match: *\r\n") == condition_outcome::met);
    CHECK(check("If-Match: W/\"a\"\r\n") == condition_outcome::failed);
    CHECK(check("If-Match: \"b\"\r\nIf-None-Match: \"a\"\r\n") == condition_outcome::failed);
    CHECK(check("If-Match: \"a\"\r\nIf-Unmodified-Since: " + earlier) == condition_outcome::met);
    CHECK(check("If-Unmodified-Since: " + earlier) == condition_outcome::failed);
    CHECK(check("If-Unmodified-Since: " + that_date) == condition_outcome::met);
    CHECK(check("If-Match: \"a\"\r\nIf-None-Match: \"a\"\r\n") == condition_outcome::not_modified);
}

TEST_CASE("If-Range needs this very state")
{
    CHECK(applies(""));
    CHECK(applies("If-Range: \"a\"\r\n"));
    CHECK_FALSE(applies("If-Range: \"b\"\r\n"));
    CHECK_FALSE(applies("If-Range: W/\"a\"\r\n"));
    CHECK_FALSE(applies("If-Range: W/\"a\"\r\n", "W/\"a\""));
    CHECK_FALSE(applies("If-Range: " + that_date));  // it may have changed twice in that second
    CHECK_FALSE(applies("If-Range: " + earlier));
    CHECK_FALSE(applies("If-Range: nonsense\r\n"));
}

TEST_CASE("a tag may hold commas and backslashes, and what is no list of tags has none")
{
    CHECK(tag_listed(R"("x,\", "a")", "\"a\"", strong));
    CHECK(tag_listed(R"("x,\")", R"("x,\")", strong));
    CHECK(tag_listed(R"( , "b" ,, W/"a" )", "\"a\"", weak));
    CHECK_FALSE(tag_listed(R"("b" "a")", "\"a\"", weak));
    CHECK_FALSE(tag_listed(R"(w/"a")", "\"a\"", weak));
    CHECK_FALSE(tag_listed(R"(x"a")", "\"a\"", weak));
    CHECK_FALSE(tag_listed("\"a", "\"a\"", weak));
    CHECK_FALSE(tag_listed("", "\"a\"", weak));
}

TEST_CASE("a handler refuses a change to what has changed, or one whose client looked at nothing")
{
    const parsed late{"PUT /", "If-Match: \"1\"\r\n"};
    const parsed blind{"PUT /"};
    CHECK_NOTHROW(expect_unchanged(late.of, {.tag = "\"1\""}));
    CHECK_THROWS_WITH_AS(refuse_if_changed(late.of, {.tag = "\"2\""}), "Precondition Failed",
                         refusal);
    CHECK_NOTHROW(refuse_if_changed(blind.of, {.tag = "\"2\""}));
    CHECK_THROWS_WITH_AS(expect_unchanged(blind.of, {.tag = "\"2\""}), "Precondition Required",
                         refusal);
}

TEST_CASE("the tag of some bytes is always the same, and strong")
{
    CHECK(tag_of("") == "\"e3b0c44298fc1c149afbf4c8996fb924\"");
    CHECK(tag_of("a") != tag_of("b"));
}
