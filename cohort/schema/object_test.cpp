#include <cohort/schema/object.hpp>

#include <cohort/schema/schema.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace cohort;

namespace {

enum class currency : std::uint8_t { eur, usd };

struct payment {
    std::string to;
    std::int64_t cents = 0;
    std::optional<std::string> note;
    std::vector<std::string> tags;
    currency in = currency::usd;
};

const auto payment_schema =
    schema::object<payment>("Payment")
        .field("to", &payment::to, schema::text().length(1, 80))
        .field("cents", &payment::cents, schema::integer().range(1, 1'000'000))
        .field("note", &payment::note, schema::text().pattern("^[a-z ]*$"))
        .defaulted("tags", &payment::tags,
                   schema::list(schema::text().at_most(8)).length(0, 3).unique())
        .defaulted("in", &payment::in,
                   schema::choice<currency>({{"EUR", currency::eur}, {"USD", currency::usd}}))
        .check(
            "a large payment needs a note",
            [](const payment& p) { return p.cents < 1000 || p.note; }, "/note");

/// "pointer keyword limit" of each mistake, a line each.
template <class S>
std::string mistakes_in(const S& what, std::string_view json)
{
    const auto read = what.parse(json);
    if (read)
        return "";
    if (read.error().syntax)
        return "syntax: " + read.error().syntax->what;
    std::string out;
    for (const schema::mistake& each : read.error().all) {
        CHECK_FALSE(each.message.empty());
        out += (out.empty() ? "" : "\n") + each.pointer + " " + std::string{each.keyword} +
               (each.limit.empty() ? "" : " " + each.limit);
    }
    return out + (read.error().more ? "\nmore" : "");
}

}  // namespace

TEST_CASE("a document that fits becomes a struct, and is written as it was")
{
    const std::string text =
        R"({"to":"Ann","cents":999,"note":"rent","tags":["a","b"],"in":"EUR"})";
    const auto read = payment_schema.parse(text);
    REQUIRE(read);
    CHECK(read->to == "Ann");
    CHECK(read->cents == 999);
    CHECK(read->note == "rent");
    CHECK(read->tags == std::vector<std::string>{"a", "b"});
    CHECK(read->in == currency::eur);
    CHECK(payment_schema.write(*read) == text);
}

TEST_CASE("absent members are nothing, or what the struct says by itself")
{
    const auto read = payment_schema.parse(R"( {"cents": 1, "to": "x"} )");
    REQUIRE(read);
    CHECK_FALSE(read->note);
    CHECK(read->tags.empty());
    CHECK(read->in == currency::usd);
    CHECK(payment_schema.write(*read) == R"({"to":"x","cents":1,"tags":[],"in":"USD"})");
}

TEST_CASE("all mistakes are told at once, each with its place and its rule")
{
    CHECK(mistakes_in(payment_schema,
                      R"({"to":"","cents":1000001,"note":"A","tags":["a","123456789","b","c"],)"
                      R"("in":"GBP","x/y":{"z":[1]}})") == "/to minLength 1\n"
                                                           "/cents maximum 1000000\n"
                                                           "/note pattern \"^[a-z ]*$\"\n"
                                                           "/tags/1 maxLength 8\n"
                                                           "/tags maxItems 3\n"
                                                           "/in enum [\"EUR\",\"USD\"]\n"
                                                           "/x~1y additionalProperties false");
    CHECK(mistakes_in(payment_schema, "{}") == "/to required\n/cents required");
    CHECK(mistakes_in(payment_schema, R"({"to":1,"cents":"1","note":null,"tags":{},"in":[]})") ==
          "/to type \"string\"\n/cents type \"integer\"\n/note type \"string\"\n"
          "/tags type \"array\"\n/in type \"string\"");
    CHECK(mistakes_in(payment_schema, "[]") == " type \"object\"");
    CHECK(mistakes_in(payment_schema, R"({"to":"a","cents":1,"tags":["a","b","a"]})") ==
          "/tags/2 uniqueItems true");
}

TEST_CASE("a rule about the whole is asked once its members are right")
{
    CHECK(mistakes_in(payment_schema, R"({"to":"a","cents":1000})") == "/note check");
    CHECK(mistakes_in(payment_schema, R"({"to":"","cents":1000})") == "/to minLength 1");
}

TEST_CASE("malformed texts and members that are there twice are no documents at all")
{
    CHECK(mistakes_in(payment_schema, R"({"to":"","cents":0)").starts_with("syntax"));
    CHECK(mistakes_in(payment_schema, R"({"to":"a","cents":1,"to":"b"})") ==
          "syntax: object key `to` is there twice");
    CHECK(mistakes_in(payment_schema, R"({"to":"a","cents":1,"x":1,"x":1})") ==
          "syntax: object key `x` is there twice");
    CHECK(mistakes_in(payment_schema, R"({"to":"a","cents":1} 1)").starts_with("syntax"));
}

TEST_CASE("members are found in any order, with any white space, and none twice")
{
    struct three {
        int a = 0;
        int seventh = 0;
        int and_a_long_name = 0;
    };
    const auto what = schema::object<three>()
                          .field("a", &three::a)
                          .field("seventh", &three::seventh)
                          .field("and_a_long_name", &three::and_a_long_name);
    std::vector<std::string> members{R"("a":1)", R"("and_a_long_name" : 3)", R"( "seventh":2 )"};
    std::ranges::sort(members);
    do {
        for (const char* comma : {",", ", ", "\n\t,\n\t"}) {
            const std::string all = members[0] + comma + members[1] + comma + members[2];
            const auto read = what.parse("{" + all + "}");
            REQUIRE_MESSAGE(read, all);
            CHECK(read->a == 1);
            CHECK(read->seventh == 2);
            CHECK(read->and_a_long_name == 3);
            for (const std::string& again : members)
                CHECK(mistakes_in(what, "{" + all + comma + again + "}").ends_with("twice"));
            CHECK(mistakes_in(what, "{" + all).starts_with("syntax"));
            CHECK(mistakes_in(what, "{" + all + ",}").starts_with("syntax"));
            CHECK(mistakes_in(what, "{ ," + all + "}").starts_with("syntax"));
        }
    } while (std::ranges::next_permutation(members).found);
    CHECK(mistakes_in(what, R"({"\u0061":1,"seventh":2,"and_a_long_name":3})") == "");
    CHECK(mistakes_in(what, R"({"a":1,"seventh":2,"and_a_long_nam_":3})") ==
          "/and_a_long_nam_ additionalProperties false\n/and_a_long_name required");
    CHECK(mistakes_in(what, R"({"a":1,"seventh")").starts_with("syntax"));
    CHECK(mistakes_in(what, R"({"a)").starts_with("syntax"));
}

TEST_CASE("after twenty mistakes there are only more")
{
    std::string text = "{";
    for (int i = 0; i < 40; ++i)
        text += "\"x" + std::to_string(i) + "\":1,";
    text += R"("to":"a","cents":1})";
    const auto read = payment_schema.parse(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().all.size() == schema::mistakes_max);
    CHECK(read.error().more);
}

TEST_CASE("unknown members are passed over only where it was said")
{
    const auto open = schema::object<payment>().field("to", &payment::to).allow_unknown();
    CHECK(mistakes_in(open, R"({"to":"a","x":{"y":[1,2]}})") == "");
    CHECK(mistakes_in(open, R"({"to":"a","x":1,"x":1})").starts_with("syntax"));
    CHECK(mistakes_in(open, R"({"to":"a","x":{"y":1,"y":1}})").starts_with("syntax"));
}

TEST_CASE("a description's mistakes are found where it is made")
{
    using object = schema::object<payment>;
    CHECK_THROWS_AS(object("a b"), std::logic_error);
    CHECK_THROWS_AS(object().field("to", &payment::to).field("to", &payment::to), std::logic_error);
    CHECK_THROWS_AS(static_cast<void>(schema::text().pattern("(")), std::logic_error);
    CHECK_THROWS_AS(static_cast<void>(schema::text().length(2, 1)), std::logic_error);
    struct small {
        std::uint8_t n = 0;
    };
    CHECK_THROWS_AS(
        schema::object<small>().defaulted("n", &small::n, schema::integer().at_least(1)),
        std::logic_error);
    CHECK_THROWS_AS(schema::object<small>().field("n", &small::n, schema::integer().range(0, 256)),
                    std::logic_error);
}

TEST_CASE("the JSON Schema says the same as the validator")
{
    CHECK(boost::json::serialize(payment_schema.json_schema()) ==
          R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/Payment",)"
          R"("$defs":{"Payment":{"type":"object","properties":{)"
          R"("to":{"type":"string","minLength":1,"maxLength":80},)"
          R"("cents":{"type":"integer","format":"int64","minimum":1,"maximum":1000000},)"
          R"("note":{"type":"string","pattern":"^[a-z ]*$"},)"
          R"("tags":{"type":"array","items":{"type":"string","maxLength":8},"maxItems":3,)"
          R"("uniqueItems":true,"default":[]},)"
          R"("in":{"type":"string","enum":["EUR","USD"],"default":"USD"}},)"
          R"("required":["to","cents"],"additionalProperties":false}}})");
}

TEST_CASE("texts without quotes are read by the same description")
{
    using values = std::vector<std::string_view>;
    std::map<std::string, values> words{
        {"to", {"Ann"}}, {"cents", {"12"}}, {"tags", {"a", "b"}}, {"in", {"EUR"}}};
    const auto from = [&](const std::string& name, values& into) {
        into.insert(into.end(), words[name].begin(), words[name].end());
    };
    REQUIRE(payment_schema.takes_words());
    const auto read = payment_schema.parse_words(from);
    REQUIRE(read);
    CHECK(read->cents == 12);
    CHECK(read->tags.size() == 2);

    words = {{"to", {"Ann", "Bob"}}, {"cents", {"1x"}}, {"tags", {"a", "123456789"}}};
    const auto bad = payment_schema.parse_words(from);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().text() == "/to: must be there once; /cents: must be an integer; "
                                "/tags/1: must have at most 8 characters");
}
