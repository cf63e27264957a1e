#include <cohort/crypto/hex.hpp>

#include <doctest/doctest.h>

using namespace cohort::crypto;

TEST_CASE("hexadecimal text is read whatever its case, and written small")
{
    CHECK(from_hex("00fFa5") == std::string("\x00\xff\xa5", 3));
    CHECK(to_hex(std::string("\x00\xff\xa5", 3)) == "00ffa5");
    CHECK(from_hex("") == "");
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
    CHECK_FALSE(from_hex(" 00"));
}
