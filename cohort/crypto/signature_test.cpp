#include <cohort/crypto/signature.hpp>
#include <cohort/crypto/hex.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::crypto;

namespace {

constexpr signature_algorithm all[] = {signature_algorithm::rs256, signature_algorithm::ps256,
                                       signature_algorithm::es256, signature_algorithm::eddsa};

}  // namespace

TEST_CASE("what a key signs, its other half verifies, and nothing else")
{
    for (const auto algorithm : all) {
        CAPTURE(name(algorithm));
        const auto key = signing_key::random(algorithm);
        const auto other = signing_key::random(algorithm);
        const std::string signature = key.sign("message");
        CHECK(key.verifier().verify("message", signature));
        CHECK_FALSE(key.verifier().verify("messagE", signature));
        CHECK_FALSE(key.verifier().verify("", signature));
        CHECK_FALSE(other.verifier().verify("message", signature));
        CHECK_FALSE(key.verifier().verify("message", ""));
        CHECK_FALSE(key.verifier().verify("message", signature + "x"));
        CHECK_FALSE(key.verifier().verify("message", std::string(signature.size(), '\0')));
        for (std::size_t i = 0; i < signature.size(); ++i) {
            std::string changed = signature;
            changed[i] ^= 1;
            CHECK_FALSE(key.verifier().verify("message", changed));
        }
        CHECK(key.verifier().verify("", key.sign("")));
    }
}

TEST_CASE("the Ed25519 signature of RFC 8032, 7.1, test 3, verifies")
{
    const auto key = verifying_key::ed25519(
        *from_hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"));
    REQUIRE(key);
    const auto signature =
        *from_hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
    CHECK(key->verify("\xaf\x82", signature));
    CHECK_FALSE(key->verify("\xaf\x83", signature));
}

TEST_CASE("an ES256 signature has 64 bytes, none of its halves zero, and is not DER")
{
    const auto key = signing_key::random(signature_algorithm::es256);
    const std::string good = key.sign("m");
    CHECK(good.size() == 64);
    CHECK_FALSE(key.verifier().verify("m", std::string(32, '\0') + good.substr(32)));
    CHECK_FALSE(key.verifier().verify("m", good.substr(0, 32) + std::string(32, '\0')));
    CHECK_FALSE(key.verifier().verify("m", std::string(1, '\0') + good));
    CHECK_FALSE(key.verifier().verify("m", std::string(64, '\xff')));
}

TEST_CASE("keys that are weak, of another kind, or no keys are refused")
{
    const std::string small(128, '\xff');  // 1024 bits
    CHECK_FALSE(verifying_key::rsa({small, "\x01\x00\x01"}, signature_algorithm::rs256));
    const std::string fit(256, '\xff');
    using namespace std::string_literals;
    CHECK(verifying_key::rsa({fit, "\x01\x00\x01"s}, signature_algorithm::rs256));
    CHECK(verifying_key::rsa({fit, "\x03"}, signature_algorithm::ps256));
    CHECK_FALSE(verifying_key::rsa({fit, "\x01"}, signature_algorithm::rs256));
    CHECK_FALSE(verifying_key::rsa({fit, "\x02"}, signature_algorithm::rs256));
    CHECK_FALSE(verifying_key::rsa({fit, ""}, signature_algorithm::rs256));
    CHECK_FALSE(verifying_key::rsa({fit, "\x01\x00\x00\x00\x00\x00\x00\x00\x01"s},
                                   signature_algorithm::rs256));
    CHECK_FALSE(verifying_key::rsa({fit, "\x03"}, signature_algorithm::es256));
    CHECK_FALSE(
        verifying_key::rsa({std::string(1025, '\xff'), "\x03"}, signature_algorithm::rs256));

    CHECK_FALSE(verifying_key::p256({std::string(32, '\x01'), std::string(32, '\x01')}));
    CHECK_FALSE(verifying_key::p256({std::string(32, '\0'), std::string(32, '\0')}));
    CHECK_FALSE(verifying_key::p256({std::string(31, '\x01'), std::string(32, '\x01')}));
    CHECK_FALSE(verifying_key::ed25519(std::string(31, '\x01')));
    CHECK_FALSE(verifying_key::from_pem("", signature_algorithm::eddsa));
    CHECK_FALSE(verifying_key::from_pem(
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", signature_algorithm::eddsa));
}

TEST_CASE("keys are read from PEM, and only for the algorithm of their kind")
{
    const std::string_view ed25519_private =  // RFC 8410, 10.3
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
        "-----END PRIVATE KEY-----\n";
    const std::string_view ed25519_public =
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n";
    const auto key = signing_key::from_pem(ed25519_private, signature_algorithm::eddsa);
    const auto half = verifying_key::from_pem(ed25519_public, signature_algorithm::eddsa);
    REQUIRE(key);
    REQUIRE(half);
    CHECK(half->verify("m", key->sign("m")));
    for (const auto algorithm : {all[0], all[1], all[2]}) {
        CHECK_FALSE(signing_key::from_pem(ed25519_private, algorithm));
        CHECK_FALSE(verifying_key::from_pem(ed25519_public, algorithm));
    }
    CHECK_FALSE(verifying_key::from_pem(ed25519_private, signature_algorithm::eddsa));
    CHECK_FALSE(signing_key::from_pem(ed25519_public, signature_algorithm::eddsa));
}
