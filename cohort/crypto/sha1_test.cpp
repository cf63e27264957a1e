#include <cohort/crypto/sha1.hpp>

#include <cohort/crypto/hex.hpp>

#include <doctest/doctest.h>

using namespace cohort::crypto;

TEST_CASE("SHA-1 gives what FIPS 180 gives")
{
    const auto hex = [](std::string_view text) {
        const auto sum = sha1(text);
        return to_hex({sum.data(), sum.size()});
    };
    CHECK(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}
