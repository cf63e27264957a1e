#include <cohort/schema/whole.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::schema;

namespace {

/// "17", "-17", "no" for a fraction, "beyond" for more than 64 bits.
std::string integer_in(std::string_view text)
{
    bool beyond = false;
    const bool plain = text.find_first_of(".eE") == std::string_view::npos;
    const auto value = whole_of({.all = text, .plain = plain}, beyond);
    if (beyond)
        return value->negative ? "-beyond" : "beyond";
    return value ? digits_of(*value) : "no";
}

}  // namespace

TEST_CASE("integers are exact to 64 bits, however they are written")
{
    CHECK(integer_in("0") == "0");
    CHECK(integer_in("-0") == "0");
    CHECK(integer_in("-0.0e5") == "0");
    CHECK(integer_in("18446744073709551615") == "18446744073709551615");
    CHECK(integer_in("18446744073709551616") == "beyond");
    CHECK(integer_in("-9223372036854775809") == "-9223372036854775809");
    CHECK(integer_in("-99999999999999999999") == "-beyond");
    CHECK(integer_in("1.0") == "1");
    CHECK(integer_in("1e3") == "1000");
    CHECK(integer_in("1.5e1") == "15");
    CHECK(integer_in("1500e-2") == "15");
    CHECK(integer_in("9007199254740993.0") == "9007199254740993");
    CHECK(integer_in("1.8446744073709551615E+19") == "18446744073709551615");
    CHECK(integer_in("0e999999999999999999999") == "0");
    CHECK(integer_in("1e999999999999999999999") == "beyond");
    CHECK(integer_in("-1e30") == "-beyond");
    CHECK(integer_in("1.5") == "no");
    CHECK(integer_in("1e-1") == "no");
    CHECK(integer_in("1e-999999999999999999999") == "no");
}

TEST_CASE("sign and magnitude order as integers do")
{
    CHECK(make_whole(-2) < make_whole(-1));
    CHECK(make_whole(-1) < make_whole(0U));
    CHECK(make_whole(1) < make_whole(~0ULL));
    CHECK(as<std::int64_t>(least_of<std::int64_t>) == std::numeric_limits<std::int64_t>::min());
    CHECK(as<std::int8_t>(make_whole(std::int8_t{-128})) == -128);
    CHECK(digits_of(least_of<std::int64_t>) == "-9223372036854775808");
}
