#include <cohort/crypto/constant_time.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::crypto;

TEST_CASE("equality in constant time is equality")
{
    const std::string text = "sixteen bytes ok";
    CHECK(constant_time_equal(text, "sixteen bytes ok"));
    CHECK(constant_time_equal("", ""));
    CHECK_FALSE(constant_time_equal(text, "sixteen bytes o"));
    CHECK_FALSE(constant_time_equal(text, ""));
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string other = text;
        other[i] ^= 1;
        CHECK_FALSE(constant_time_equal(text, other));
    }
}

TEST_CASE("what is wiped is zeros")
{
    std::string text = "secret";
    wipe(text.data(), text.size());
    CHECK(text == std::string(6, '\0'));
}
