#include <cohort/crypto/base64.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::crypto;
using namespace std::string_literals;

TEST_CASE("the examples of RFC 4648 are written and read")
{
    const std::string_view words[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : words) {
        CHECK(to_base64(bytes) == text);
        CHECK(from_base64(text) == bytes);
        const auto bare = text.substr(0, text.find('='));
        CHECK(to_base64url(bytes) == bare);
        CHECK(from_base64url(bare) == bytes);
    }
    CHECK(to_base64url("\xfb\xff\xbf"s) == "-_-_");
    CHECK(to_base64("\xfb\xff\xbf"s) == "+/+/");
}

TEST_CASE("only the text that would have been written is read")
{
    for (const auto* text :
         {"Zg==", "Zg=", "Zh", "Zm9", "Z", "Zm9vY", "+/+/", "Zm 9v", "Zm9v\n", "Zg\n"})
        CHECK_FALSE(from_base64url(text));
    for (const auto* text :
         {"Zg", "Zg=", "Zh==", "Zm9=", "Zg===", "====", "-_-_", "Zm9v\n", "=Zm9", "Z==="})
        CHECK_FALSE(from_base64(text));
}

TEST_CASE("every text of up to three letters means other bytes, or nothing")
{
    const std::string letters = "ABCDwxyz0189-_";
    for (const char a : letters) {
        for (const char b : letters) {
            for (const char c : letters) {
                const std::string text{a, b, c};
                if (const auto bytes = from_base64url(text))
                    CHECK(to_base64url(*bytes) == text);
            }
        }
    }
}

TEST_CASE("bytes of all values and lengths come back")
{
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        CHECK(from_base64(to_base64(bytes)) == bytes);
        CHECK(from_base64url(to_base64url(bytes)) == bytes);
        bytes.push_back(static_cast<char>(i * 7));
    }
}
