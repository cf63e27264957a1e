#include <cohort/schema/documented.hpp>

#include <cohort/schema/schema.hpp>

#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;

namespace {

struct price {
    int cents = 0;
    std::vector<std::string> tags;
};

const auto price_schema =
    schema::object<price>("Price")
        .field("cents", &price::cents,
               schema::documented(schema::integer().range(1, 100),
                                  {.about = "No fractions.", .examples = {5, 50}}))
        .defaulted("tags", &price::tags,
                   schema::documented(schema::list(schema::text()), {.about = "Any."}));

}  // namespace

TEST_CASE("words and examples of a member are in its schema")
{
    schema::describer by;
    CHECK(boost::json::serialize(price_schema.describe_in_place(by).at("properties").at("cents")) ==
          R"({"type":"integer","format":"int32","minimum":1,"maximum":100,)"
          R"("description":"No fractions.","examples":[5,50]})");
}

TEST_CASE("a member with words is read like one without")
{
    CHECK(price_schema.write(*price_schema.parse(R"({"cents":7,"tags":["a"]})")) ==
          R"({"cents":7,"tags":["a"]})");
    const auto bad = price_schema.parse(R"({"cents":0})");
    REQUIRE_FALSE(bad);
    CHECK(bad.error().text() == "/cents: must be at least 1");
    REQUIRE(price_schema.takes_words());
    const auto words =
        price_schema.parse_words([](const std::string& name, std::vector<std::string_view>& into) {
            if (name == "cents")
                into = {"9"};
            else
                into = {"a", "b"};
        });
    REQUIRE(words);
    CHECK(words->cents == 9);
    CHECK(words->tags.size() == 2);
}

TEST_CASE("an example that does not fit is found where it is written")
{
    const auto made = [] {
        return schema::object<price>().field(
            "cents", &price::cents,
            schema::documented(schema::integer().at_least(1), {.examples = {0}}));
    };
    CHECK_THROWS_AS(made(), std::logic_error);
}
