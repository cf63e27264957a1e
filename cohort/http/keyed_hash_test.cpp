#include <cohort/http/keyed_hash.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;

TEST_CASE("the keyed hash gives the values of its authors")
{
    // Key 00 01 … 0f; texts are the first bytes of 00 01 02 …
    const hash_secret key{0x0706'0504'0302'0100U, 0x0f0e'0d0c'0b0a'0908U};
    std::string text;
    CHECK(keyed_hash(key, text) == 0x726f'db47'dd0e'0e31U);
    text.push_back('\0');
    CHECK(keyed_hash(key, text) == 0x74f8'39c5'93dc'67fdU);
    for (char c = 1; c < 15; ++c)
        text.push_back(c);
    CHECK(keyed_hash(key, text) == 0xa129'ca61'49be'45e5U);
}
