#include <cohort/http/topics/position.hpp>

#include <doctest/doctest.h>

#include <string_view>

using cohort::http::position;

TEST_CASE("a position is read as it was written")
{
    for (const position each : {position{}, position{1, 2}, position{0xdeadbeef, 18'000'000'000U},
                                position{~0U, ~std::uint64_t{0}}})
        CHECK(position::parse(each.text()) == each);
    CHECK(position{0x9f86d081, 4711}.text() == "9f86d081-4711");
}

TEST_CASE("nothing else is a position")
{
    for (const std::string_view text :
         {"", "4711", "9f86d081", "9f86d081-", "9f86d081-x", "9F86D081-1", "9f86d08-11",
          "9f86d081--1", "9f86d081-+1", "9f86d081- 1", "9f86d081-1 ", "9f86d081-01", "9f86d081_1",
          "9f86d08g-1", "9f86d081-18446744073709551616", "9f86d081-1\n"})
        CHECK_FALSE(position::parse(text));
}
