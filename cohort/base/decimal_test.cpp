#include <cohort/base/decimal.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using cohort::decimal;

TEST_CASE("an integer's digits are all of it, for the largest and the smallest too")
{
    CHECK(decimal{0}.view() == "0");
    CHECK(decimal{-7}.view() == "-7");
    CHECK(decimal{static_cast<unsigned char>(255)}.view() == "255");
    CHECK(decimal{std::numeric_limits<std::uint64_t>::max()}.view() == "18446744073709551615");
    CHECK(decimal{std::numeric_limits<std::int64_t>::min()}.view() == "-9223372036854775808");
    const decimal copied{decimal{42}};
    CHECK(copied.view() == "42");
}
