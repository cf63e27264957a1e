#include <cohort/schema/type.hpp>

#include <cohort/schema/schema.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace cohort;

namespace {

/// "keyword limit" of the first mistake, or what was read, written again.
template <class T>
std::string outcome(const schema::type<T>& what, std::string_view json)
{
    const auto read = what.parse(json);
    if (read)
        return what.write(*read);
    if (read.error().syntax)
        return "syntax";
    const schema::mistake& first = read.error().all.front();
    return std::string{first.keyword} + " " + first.limit;
}

template <class T>
std::string described(const schema::type<T>& what)
{
    schema::describer by;
    return boost::json::serialize(what.describe(by));
}

struct seen {
    std::optional<std::optional<int>> both;
    std::optional<int> either;
};

}  // namespace

TEST_CASE("integers have the range of their type, and are exact in it")
{
    const schema::type<std::int64_t> wide;
    CHECK(outcome(wide, "9223372036854775807") == "9223372036854775807");
    CHECK(outcome(wide, "-9223372036854775808") == "-9223372036854775808");
    CHECK(outcome(wide, "9223372036854775808") == "maximum 9223372036854775807");
    CHECK(outcome(wide, "-1e40") == "minimum -9223372036854775808");
    CHECK(outcome(wide, "9007199254740993") == "9007199254740993");
    CHECK(outcome(wide, "1.0") == "1");
    CHECK(outcome(wide, "1.5") == "type \"integer\"");
    CHECK(outcome(wide, "\"1\"") == "type \"integer\"");

    const schema::type<std::uint64_t> natural;
    CHECK(outcome(natural, "18446744073709551615") == "18446744073709551615");
    CHECK(outcome(natural, "-1") == "minimum 0");
    const schema::type<std::int8_t> small;
    CHECK(outcome(small, "-129") == "minimum -128");
    const schema::type<std::int64_t> counted = schema::integer().at_least(1);
    for (const char* high : {"18446744073709551616", "99999999999999999999", "1e30"})
        CHECK(outcome(counted, high) == "maximum 9223372036854775807");
    for (const char* low : {"0", "-1", "-18446744073709551616", "-1e30"})
        CHECK(outcome(counted, low) == "minimum 1");

    const schema::type<unsigned> even = schema::integer().multiple_of(2);
    CHECK(outcome(even, "3") == "multipleOf 2");
    CHECK(described(even) ==
          R"({"type":"integer","minimum":0,"maximum":4294967295,"multipleOf":2})");
}

TEST_CASE("numbers are finite and within their limits")
{
    const schema::type<double> any;
    CHECK(outcome(any, "0.1") == "0.1");
    CHECK(outcome(any, "1e400") == "maximum 1.7976931348623157e+308");
    CHECK(outcome(any, "-1e400") == "minimum -1.7976931348623157e+308");
    CHECK(outcome(any, "1e-400") == "0");
    CHECK(outcome(any, "0." + std::string(400, '0') + "1") == "0");
    CHECK(outcome(any, std::string(400, '9')).starts_with("maximum"));
    CHECK(outcome(any, "0." + std::string(400, '0') + "1e401") == "1");
    const schema::type<double> share = schema::number().above(0).at_most(1);
    CHECK(outcome(share, "0") == "exclusiveMinimum 0");
    CHECK(outcome(share, "1") == "1");
    CHECK(outcome(share, "1.5") == "maximum 1");
    const schema::type<float> narrow;
    CHECK(outcome(narrow, "1e39").starts_with("maximum"));
}

TEST_CASE("lengths count characters, not bytes")
{
    const schema::type<std::string> two = schema::text().length(2, 2);
    CHECK(outcome(two, "\"\xf0\x9f\x98\x80\xc3\xa9\"") == "\"\xf0\x9f\x98\x80\xc3\xa9\"");
    CHECK(outcome(two, "\"\xf0\x9f\x98\x80\"") == "minLength 2");
    CHECK(outcome(two, R"("\ud83d\ude00\u00e9")") == "\"\xf0\x9f\x98\x80\xc3\xa9\"");
    const schema::type<std::string> mail = schema::text().email();
    CHECK(outcome(mail, "\"a\"") == "format \"email\"");
    CHECK(described(mail) == R"({"type":"string","format":"email"})");
}

TEST_CASE("null and absence are told apart by an optional in an optional")
{
    const auto what = schema::object<seen>()
                          .field("both", &seen::both)
                          .field("either", &seen::either, schema::nullable(schema::integer()));
    const auto none = what.parse("{}");
    REQUIRE(none);
    CHECK_FALSE(none->both);
    const auto null = what.parse(R"({"both":null,"either":null})");
    REQUIRE(null);
    REQUIRE(null->both);
    CHECK_FALSE(*null->both);
    CHECK_FALSE(null->either);
    CHECK(what.write(*null) == R"({"both":null})");
    const auto value = what.parse(R"({"both":1,"either":2})");
    REQUIRE(value);
    CHECK(value->both == std::optional<int>{1});
    CHECK(what.write(*value) == R"({"both":1,"either":2})");
}

TEST_CASE("lists and maps of anything are read and written")
{
    const schema::type<std::vector<std::vector<int>>> table;
    CHECK(outcome(table, "[[1,2],[],[3]]") == "[[1,2],[],[3]]");
    const schema::type<std::map<std::string, std::optional<bool>>> flags;
    CHECK(outcome(flags, R"({"b":true,"a":null})") == R"({"a":null,"b":true})");
    CHECK(outcome(flags, R"({"a":true,"a":null})") == "syntax");
    CHECK(described(flags) == R"({"type":"object","additionalProperties":{"anyOf":[)"
                              R"({"type":"boolean"},{"type":"null"}]},"maxProperties":10000})");
    const schema::type<std::map<std::string, int>> few =
        schema::map(schema::integer()).length(1, 2);
    CHECK(outcome(few, "{}") == "minProperties 1");
    CHECK(outcome(few, R"({"a":1,"b":2,"c":3})") == "maxProperties 2");
    CHECK(outcome(few, R"({"a":1,"b":2,"c":3,"d":1,"c":2})") == "syntax");
    const schema::type<std::vector<bool>> bits = schema::list(schema::boolean()).length(1, 2);
    CHECK(outcome(bits, "[]") == "minItems 1");
    CHECK(outcome(bits, "[true,false]") == "[true,false]");
}

TEST_CASE("a rule of one's own stands beside any description")
{
    const schema::type<int> odd = schema::checked(schema::integer().range(0, 9), "must be odd",
                                                  [](int n) { return n % 2 == 1; });
    CHECK(outcome(odd, "3") == "3");
    CHECK(outcome(odd, "4") == "check ");
    CHECK(outcome(odd, "10") == "maximum 9");
}
