#include <cohort/http/json.hpp>

#include <cohort/http/detail/parsed_test.hpp>

#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <utility>

using namespace cohort::http;
using cohort::http::detail::parsed;

namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

response refused(const request& of)
{
    try {
        static_cast<void>(of.json());
    } catch (const refusal& no) {
        return no.answer();
    }
    return {};
}

struct payment {
    std::string to;
    int cents;
};

payment tag_invoke(boost::json::value_to_tag<payment>, const boost::json::value& from)
{
    return {boost::json::value_to<std::string>(from.at("to")),
            boost::json::value_to<int>(from.at("cents"))};
}

}  // namespace

TEST_CASE("a JSON document is read whole, whatever its kind")
{
    for (const char* good :
         {"{}", "[]", "null", "true", "1", "-0.5", "\"\"", " { \"a\" : [ 1 , {} ] } \n",
          "18446744073709551615", "\"\\u00e9\\n\""})
    {
        CAPTURE(good);
        CHECK(parse_json(good));
    }
    const auto document = parse_json(R"({"a":[1,2.5,"x"],"b":{"c":null,"d":false}})");
    REQUIRE(document);
    CHECK(boost::json::serialize(*document) == R"({"a":[1,2.5E0,"x"],"b":{"c":null,"d":false}})");
}

TEST_CASE("numbers are read to the nearest double")
{
    for (const auto& [text, number] : std::initializer_list<std::pair<const char*, double>>{
             {"184464340777092464340777092036036854775808",
              184464340777092464340777092036036854775808.},
             {"0.1", 0.1},
             {"7.2057594037927933e16", 7.2057594037927933e16},
             {"123456789012345678901234567890e-10", 123456789012345678901234567890e-10},
             {"1.7976931348623157e308", 1.7976931348623157e308},
             {"5e-324", 5e-324},
             {"1e-999", 0}})
    {
        CAPTURE(text);
        const auto document = parse_json(text);
        REQUIRE(document);
        CHECK(document->as_double() == number);
    }
}

TEST_CASE("what is no JSON is refused with the place of the mistake")
{
    for (const char* bad :
         {"", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "01", "+1", "1e999", "nul", "[1] 2",
          "// no\n1", "\"\x01\"", "\"\xff\"", "\"\\ud800\"", "NaN", "\xef\xbb\xbf{}"})
    {
        CAPTURE(bad);
        CHECK_FALSE(parse_json(bad));
    }
    const auto mistake = parse_json("{\n  \"a\": 1,\n  \"b\": oops\n}");
    REQUIRE_FALSE(mistake);
    CHECK(mistake.error().line == 3);
    CHECK(mistake.error().column == 8);
    CHECK(mistake.error().offset == 19);
}

TEST_CASE("a document nests 32 levels deep and no deeper")
{
    CHECK(parse_json(nested(json_depth_max)));
    CHECK_FALSE(parse_json(nested(json_depth_max + 1)));
    CHECK_FALSE(parse_json(nested(500'000)));
}

TEST_CASE("an object with the same key twice is refused, however deep and however spelled")
{
    for (const char* bad : {R"({"a":1,"a":2})", R"([{"x":{"b":1,"c":2,"b":3}}])",
                            R"({"a":{},"a":{"b":1}})", R"({"a":1,"\u0061":2})"})
    {
        CAPTURE(bad);
        const auto mistake = parse_json(bad);
        REQUIRE_FALSE(mistake);
        CHECK(mistake.error().what.find("is there twice") != std::string::npos);
    }
    CHECK(parse_json(R"({"a":1,"ab":2,"a":3})").error().what == "object key `a` is there twice");
    CHECK(parse_json(R"([{"a":1},{"a":1}])"));
}

TEST_CASE("JSON types are application/json and those that end in +json, in UTF-8")
{
    for (const char* good : {"application/json", "Application/JSON; charset=UTF-8",
                             "application/json;charset=\"utf-8\"", "application/merge-patch+json",
                             "application/json; profile=x"})
        CHECK(is_json_type(good));
    for (const char* bad :
         {"", "text/json", "application/jsonp", "application/x-www-form-urlencoded",
          "application/json; charset=latin1", "+json", "text/plain"})
        CHECK_FALSE(is_json_type(bad));
}

TEST_CASE("a body that does not say it is JSON is answered with 415 and what would do")
{
    const parsed form{"POST /", "Content-Type: text/plain\r\n", "{}"};
    CHECK(refused(form.of).status() == 415);
    CHECK(refused(form.of).header("Accept") == "application/json");
    const parsed silent{"POST /", "", "{}"};
    CHECK(refused(silent.of).status() == 415);
}

TEST_CASE("a malformed JSON body is answered with 400 and its position")
{
    const parsed bad{"POST /", "Content-Type: application/json\r\n", "{\"a\":}"};
    const response answer = refused(bad.of);
    CHECK(answer.status() == 400);
    CHECK(answer.body().find(R"("line":1,"column":6)") != std::string_view::npos);
}

TEST_CASE("a body becomes a struct, or 422 if it does not fit")
{
    const parsed good{"POST /", "Content-Type: application/json\r\n", R"({"to":"Ada","cents":5})"};
    CHECK(json_as<payment>(good.of).to == "Ada");
    const parsed bad{"POST /", "Content-Type: application/json\r\n", R"({"to":"Ada","cents":"5"})"};
    CHECK_THROWS_AS(static_cast<void>(json_as<payment>(bad.of)), refusal);
}
