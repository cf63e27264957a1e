#include <cohort/crypto/sha256.hpp>

#include <cohort/crypto/hex.hpp>
#include <cohort/crypto/key_ring.hpp>
#include <cohort/crypto/secret.hpp>

#include <doctest/doctest.h>

#include <concepts>
#include <string>

using namespace cohort::crypto;

TEST_CASE("SHA-256 gives the digests of FIPS 180-4")
{
    CHECK(to_hex(sha256("abc").view()) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(to_hex(sha256("").view()) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("HMAC-SHA-256 gives the codes of RFC 4231")
{
    CHECK(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There").view()) ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?").view()) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(to_hex(hmac_sha256(std::string(131, '\xaa'),
                             "Test Using Larger Than Block-Size Key - Hash Key First")
                     .view()) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(to_hex(hmac_sha256({}, {}).view()) ==
          "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("HKDF gives the keys of RFC 5869")
{
    const std::string secret(22, '\x0b');
    CHECK(to_hex(hkdf_sha256({.secret = secret,
                              .salt = *from_hex("000102030405060708090a0b0c"),
                              .purpose = *from_hex("f0f1f2f3f4f5f6f7f8f9")},
                             42)) ==
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
          "34007208d5b887185865");
    CHECK(to_hex(hkdf_sha256({.secret = secret, .purpose = ""}, 42)) ==
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("what authenticates cannot be compared by ==, which would tell by its time")
{
    static_assert(!std::equality_comparable<digest>);
    static_assert(!std::equality_comparable<secret>);
    static_assert(!std::equality_comparable<key_ring>);
}
