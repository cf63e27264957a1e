#include <cohort/http/files/preconditions.hpp>

#include <cohort/http/detail/parsed_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;

namespace {

constexpr std::int64_t written = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
const std::string that_date = "Sun, 06 Nov 1994 08:49:37 GMT\r\n";
const std::string earlier = "Sun, 06 Nov 1994 08:49:36 GMT\r\n";

precondition check(const std::string& fields, std::string_view line = "GET /")
{
    const detail::parsed asked{line, fields};
    return check_preconditions(asked.of, {.etag = "\"a\"", .modified = written});
}

bool applies(const std::string& fields, std::string etag = "\"a\"")
{
    const detail::parsed asked{"GET /", fields};
    return range_applies(asked.of, {.etag = std::move(etag), .modified = written});
}

}  // namespace

TEST_CASE("If-None-Match comes before If-Modified-Since")
{
    CHECK(check("") == precondition::holds);
    CHECK(check("If-None-Match: \"a\"\r\n") == precondition::not_modified);
    CHECK(check("If-None-Match: W/\"a\"\r\n") == precondition::not_modified);
    CHECK(check("If-None-Match: \"b\", \"a\"\r\n") == precondition::not_modified);
    CHECK(check("If-None-Match: \"b\"\r\nIf-None-Match: \"a\"\r\n") == precondition::not_modified);
    CHECK(check("If-None-Match: *\r\n") == precondition::not_modified);
    CHECK(check("If-None-Match: \"b\"\r\nIf-Modified-Since: " + that_date) == precondition::holds);
    CHECK(check("If-None-Match: a\r\n") == precondition::holds);
    CHECK(check("If-None-Match: \"a\"\r\n", "DELETE /") == precondition::failed);
    CHECK(check("If-Modified-Since: " + that_date) == precondition::not_modified);
    CHECK(check("If-Modified-Since: " + earlier) == precondition::holds);
    CHECK(check("If-Modified-Since: yesterday\r\n") == precondition::holds);
    CHECK(check("If-Modified-Since: " + that_date, "DELETE /") == precondition::holds);
}

TEST_CASE("If-Match comes before If-Unmodified-Since, and before all others")
{
    CHECK(check("If-Match: \"a\"\r\n") == precondition::holds);
    CHECK(check("If-Match: *\r\n") == precondition::holds);
    CHECK(check("If-Match: W/\"a\"\r\n") == precondition::failed);
    CHECK(check("If-Match: \"b\"\r\nIf-None-Match: \"a\"\r\n") == precondition::failed);
    CHECK(check("If-Match: \"a\"\r\nIf-Unmodified-Since: " + earlier) == precondition::holds);
    CHECK(check("If-Unmodified-Since: " + earlier) == precondition::failed);
    CHECK(check("If-Unmodified-Since: " + that_date) == precondition::holds);
    CHECK(check("If-Match: \"a\"\r\nIf-None-Match: \"a\"\r\n") == precondition::not_modified);
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
    CHECK(has_tag(R"("x,\", "a")", "\"a\"", tag_comparison::strong));
    CHECK(has_tag(R"("x,\")", R"("x,\")", tag_comparison::strong));
    CHECK(has_tag(R"( , "b" ,, W/"a" )", "\"a\"", tag_comparison::weak));
    CHECK_FALSE(has_tag(R"("b" "a")", "\"a\"", tag_comparison::weak));
    CHECK_FALSE(has_tag(R"(w/"a")", "\"a\"", tag_comparison::weak));
    CHECK_FALSE(has_tag(R"(x"a")", "\"a\"", tag_comparison::weak));
    CHECK_FALSE(has_tag("\"a", "\"a\"", tag_comparison::weak));
    CHECK_FALSE(has_tag("", "\"a\"", tag_comparison::weak));
}
