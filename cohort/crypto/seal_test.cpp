#include <cohort/crypto/seal.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::crypto;

namespace {
const std::string key(32, 'k');
}

TEST_CASE("what was sealed is opened with the same key and place alone")
{
    for (const std::string& plain : {std::string{}, std::string{"a"}, std::string(10'000, 'x')}) {
        const std::string sealed = seal(key, {.plain = plain, .place = "here"});
        CHECK(sealed.size() == plain.size() + seal_overhead);
        CHECK(open(key, sealed, "here") == plain);
        CHECK_FALSE(open(key, sealed, "there"));
        CHECK_FALSE(open(key, sealed));
        CHECK_FALSE(open(std::string(32, 'l'), sealed, "here"));
    }
}

TEST_CASE("a sealed text with any bit changed, missing or added is not opened")
{
    const std::string sealed = seal(key, {.plain = "attack at dawn", .place = "p"});
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string other = sealed;
            other[i] = static_cast<char>(other[i] ^ (1 << bit));
            CHECK_FALSE(open(key, other, "p"));
        }
        CHECK_FALSE(open(key, sealed.substr(0, i), "p"));
    }
    CHECK_FALSE(open(key, sealed + "x", "p"));
}

TEST_CASE("the same text is never sealed alike")
{
    CHECK(seal(key, {.plain = "same"}) != seal(key, {.plain = "same"}));
}
