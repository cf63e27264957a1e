#include <cohort/http/preference.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;

namespace {

std::string shown(std::string_view list)
{
    std::string out;
    for (const preference& each : read_preferences(list))
        out += std::string{each.name} + "[" + std::string{each.parameters} + "]" +
               std::to_string(each.weight) + " ";
    return out;
}

}  // namespace

TEST_CASE("a list gives its names, their parameters and their weights")
{
    CHECK(shown("gzip, br;q=0.5 , *;Q=0") == "gzip[]1000 br[]500 *[]0 ");
    CHECK(shown("text/html;level=1;q=0.125, */*") == "text/html[level=1]125 */*[]1000 ");
    CHECK(shown("a;x=\";q=0\";y=2;q=1.000;ext=1") == "a[x=\";q=0\";y=2]1000 ");
    CHECK(shown("de-CH;q=0.9,,") == "de-CH[]900 ");
    CHECK(shown("") == "");
}

TEST_CASE("an element that is malformed asks for nothing, and spoils no other")
{
    for (const char* bad : {"gzip;q=2", "gzip;q=1.001", "gzip;q=0.1234", "gzip;q=", "gzip;q=.5",
                            "gzip;q=-1", "gzip;q=a", "a/b/c", "a b", ";q=1", "(x)"})
        CHECK_MESSAGE(shown(std::string{bad} + ", br") == "br[]1000 ", bad);
}

TEST_CASE("a name has its own weight, else that of the star")
{
    const auto list = read_preferences("gzip;q=0.3, *;q=0.1, br;q=0");
    CHECK(weight_of(list, "GZIP") == 300);
    CHECK(weight_of(list, "br") == 0);
    CHECK(weight_of(list, "zstd") == 100);
    CHECK(weight_of(read_preferences("gzip"), "br") == std::nullopt);
}

TEST_CASE("a list is read to a bound")
{
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += "x, ";
    CHECK(read_preferences(many).size() == preferences_max);
}
