#include <cohort/base/version.hpp>

#include <doctest/doctest.h>

#include <algorithm>

TEST_CASE("a version is three numbers")
{
    const std::string_view words = cohort::version();
    CHECK(std::ranges::count(words, '.') == 2);
    CHECK(words.find_first_not_of("0123456789.") == std::string_view::npos);
}
