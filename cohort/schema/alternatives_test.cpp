#include <cohort/schema/alternatives.hpp>

#include <cohort/schema/schema.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

using namespace cohort;

namespace {

struct card {
    std::string number;
    int month = 0;
};
struct iban {
    std::string account;
};
using means = std::variant<card, iban>;

const auto card_schema = schema::object<card>("Card")
                             .field("number", &card::number, schema::text().pattern("^[0-9]+$"))
                             .field("month", &card::month, schema::integer().range(1, 12));
const auto iban_schema = schema::object<iban>("Iban").field("account", &iban::account);

const schema::type<means> by_kind =
    schema::by("kind").when("card", card_schema).when("iban", iban_schema);
const schema::type<means> by_fit = schema::any_of(card_schema, iban_schema);

template <class T>
std::string outcome(const schema::type<T>& what, std::string_view json)
{
    const auto read = what.parse(json);
    return read ? what.write(*read) : read.error().text();
}

struct tree {
    std::string name;
    std::vector<tree> children;
};

const schema::object<tree>& tree_schema()
{
    static const auto made =
        schema::object<tree>("Tree")
            .field("name", &tree::name)
            .defaulted("children", &tree::children, schema::list(schema::later(tree_schema)));
    return made;
}

struct deep;
using branch = std::variant<std::vector<int>, std::vector<deep>>;
struct deep {
    branch inside;
};

const schema::object<deep>& deep_schema()
{
    static const auto made = schema::object<deep>("Deep").field(
        "inside", &deep::inside,
        schema::any_of(schema::list(schema::integer()), schema::list(schema::later(deep_schema))));
    return made;
}

struct sum;
struct number {
    int value = 0;
};
using term = std::variant<number, sum>;
struct holder;
struct sum {
    std::vector<holder> of;
};
struct holder {
    term is;
};

const schema::object<holder>& holder_schema()
{
    static const auto number_schema =
        schema::object<number>("Number").field("value", &number::value);
    static const auto sum_schema = schema::object<sum>("Sum").field(
        "of", &sum::of, schema::list(schema::later(holder_schema)));
    static const auto made = schema::object<holder>("Holder").field(
        "is", &holder::is, schema::by("op").when("number", number_schema).when("sum", sum_schema));
    return made;
}

/// As deep as the reader goes: an object, a union and a list for each step. `sum` is put together
/// of what it adds up.
template <class F>
std::string deep_term(F sum)
{
    std::string text = R"({"is":{"value":1,"op":"number"}})";
    for (std::size_t levels = 2; levels + 3 <= schema::depth_max; levels += 3)
        text = sum(text);
    return text;
}

}  // namespace

TEST_CASE("a union is told by a member, wherever that stands")
{
    CHECK(outcome(by_kind, R"({"kind":"iban","account":"DE1"})") ==
          R"({"kind":"iban","account":"DE1"})");
    CHECK(outcome(by_kind, R"({"number":"12","month":1.0,"kind":"card"})") ==
          R"({"kind":"card","number":"12","month":1})");
    CHECK(outcome(by_kind, R"({"number":"x","kind":"card","month":13})") ==
          "/number: must match ^[0-9]+$; /month: must be at most 12");
    CHECK(outcome(by_kind, R"({"account":"DE1"})") == "/kind: is required");
    CHECK(outcome(by_kind, R"({"kind":"cash"})") == "/kind: must be one of: card, iban");
    CHECK(outcome(by_kind, R"({"kind":1})") == "/kind: must be one of: card, iban");
    CHECK(outcome(by_kind, R"({"kind":"iban","account":"a","kind":"iban"})").find("twice") !=
          std::string::npos);
    CHECK(outcome(by_kind, "1") == "the document: must be an object, not a number");
}

TEST_CASE("without such a member the first alternative that fits is taken")
{
    CHECK(outcome(by_fit, R"({"account":"DE1"})") == R"({"account":"DE1"})");
    CHECK(outcome(by_fit, R"({"month":3,"number":"1"})") == R"({"number":"1","month":3})");
    CHECK(outcome(by_fit, R"({"number":"1","month":13})") == "/month: must be at most 12");
    const schema::type<std::variant<int, std::string, card>> mixed =
        schema::any_of(schema::integer(), schema::text(), card_schema);
    CHECK(outcome(mixed, "7") == "7");
    CHECK(outcome(mixed, "\"7\"") == "\"7\"");
    CHECK(outcome(mixed, R"({"number":"1","month":0})") == "/month: must be at least 1");
    CHECK(outcome(mixed, "[{\"a\":1,\"a\":2}]").find("twice") != std::string::npos);
}

TEST_CASE("mistakes before and after a union are kept beside its own")
{
    const schema::type<std::vector<means>> list = schema::list(by_fit);
    CHECK(outcome(list, R"([{"x":1},{"account":"a"},{"account":2}])") ==
          "/0/x: is not expected here; /0/account: is required; /2/account: must be a string, not "
          "a number");
}

TEST_CASE("a struct may contain itself")
{
    const std::string text = R"({"name":"a","children":[{"name":"b","children":[]}]})";
    const auto read = tree_schema().parse(text);
    REQUIRE(read);
    CHECK(tree_schema().write(*read) == text);
    const auto bad = tree_schema().parse(R"({"name":"a","children":[{"name":1}]})");
    REQUIRE_FALSE(bad);
    CHECK(bad.error().all[0].pointer == "/children/0/name");
    CHECK(boost::json::serialize(tree_schema().json_schema())
              .find(R"("items":{"$ref":"#/$defs/Tree"})") != std::string::npos);
}

TEST_CASE("alternatives inside alternatives do not multiply the work")
{
    std::string text = "1";
    for (int i = 0; i < 15; ++i)
        text = R"({"inside":[)" + text + "]}";
    const auto fine = deep_schema().parse(text);
    const std::string wrong = R"({"inside":[)" + text + R"(,"x"]})";
    const auto bad = deep_schema().parse(wrong);
    REQUIRE_FALSE(bad);
    CHECK(fine.has_value());
}

TEST_CASE("unions in unions are read as deep as anything else, wherever their tags stand")
{
    const std::string first = deep_term(
        [](const std::string& inner) { return R"({"is":{"op":"sum","of":[)" + inner + "]}}"; });
    const std::string last = deep_term(
        [](const std::string& inner) { return R"({"is":{"of":[)" + inner + R"(],"op":"sum"}})"; });
    const std::string wide = deep_term([](const std::string& inner) {
        return R"({"is":{"of":[)" + inner + R"(,{"is":{"value":2,"op":"number"}}],"op":"sum"}})";
    });
    for (const std::string& text : {first, last, wide})
        CHECK(holder_schema().parse(text).has_value());
    CHECK(holder_schema().write(*holder_schema().parse(last)) ==
          holder_schema().write(*holder_schema().parse(first)));
    const auto deeper = holder_schema().parse(R"({"is":{"of":[)" + last + R"(],"op":"sum"}})");
    REQUIRE_FALSE(deeper);
    CHECK(deeper.error().text().find("more than 32 levels") != std::string::npos);
}

TEST_CASE("a large text deep inside such unions is read, and its mistakes are found")
{
    const auto around = [](std::string text) {
        for (std::size_t levels = 2; levels + 3 <= schema::depth_max; levels += 3)
            text = R"({"is":{"of":[)" + text + R"(],"op":"sum"}})";
        return text;
    };
    std::string many = R"({"is":{"value":1,"op":"number"}})";
    for (int i = 0; i < 2'000; ++i)
        many += R"(,{"is":{"value":2,"op":"number"}})";
    CHECK(holder_schema().parse(around(many)).has_value());
    const auto bad = holder_schema().parse(around(many + R"(,{"is":{"op":"pi"}})"));
    REQUIRE_FALSE(bad);
    CHECK(bad.error().text().ends_with("/is/of/2001/is/op: must be one of: number, sum"));
}

TEST_CASE("the schema of a union has its alternatives")
{
    schema::describer by;
    CHECK(boost::json::serialize(by_fit.describe(by)) ==
          R"({"anyOf":[{"$ref":"#/$defs/Card"},{"$ref":"#/$defs/Iban"}]})");
    CHECK(by.definitions().size() == 2);
}

TEST_CASE("the alternatives of a union that a member tells apart have names and that member")
{
    schema::describer by;
    CHECK(boost::json::serialize(by_kind.describe(by)) ==
          R"({"oneOf":[{"$ref":"#/$defs/Card"},{"$ref":"#/$defs/Iban"}]})");
    const schema::type<means> again =
        schema::by("kind").when("card", card_schema).when("iban", iban_schema);
    CHECK(again.describe(by) == by_kind.describe(by));
    CHECK(boost::json::serialize(by.definitions().at("Iban")) ==
          R"({"type":"object","properties":{"kind":{"const":"iban"},"account":{"type":"string"}},)"
          R"("required":["kind","account"],"additionalProperties":false})");
    CHECK(boost::json::serialize(card_schema.describe(by)) == R"({"$ref":"#/$defs/Card_2"})");
    CHECK(by.definitions().size() == 3);
}

TEST_CASE("OpenAPI is told by which member, if all alternatives have names")
{
    schema::describer by{schema::dialect::openapi};
    CHECK(boost::json::serialize(by_kind.describe(by)) ==
          R"({"oneOf":[{"$ref":"#/components/schemas/Card"},)"
          R"({"$ref":"#/components/schemas/Iban"}],"discriminator":{"propertyName":"kind",)"
          R"("mapping":{"card":"#/components/schemas/Card","iban":"#/components/schemas/Iban"}}})");
    const schema::type<means> nameless =
        schema::by("kind")
            .when("card", card_schema)
            .when("iban", schema::object<iban>().field("account", &iban::account));
    CHECK_FALSE(nameless.describe(by).contains("discriminator"));
}
