#include <cohort/crypto/secret.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace cohort::crypto;

TEST_CASE("a secret is read as its prefix says")
{
    CHECK(secret::parse("hex:616263")->view() == "abc");
    CHECK(secret::parse("base64:YWJj")->view() == "abc");
    CHECK(secret::parse("base64:YQ")->view() == "a");
    CHECK(secret::parse("base64:YQ==")->view() == "a");
    CHECK(secret::parse("text:a:b")->view() == "a:b");
    for (const auto* text : {"", "abc", "text", "hex:6", "hex:zz", "base64:*", "b64:YQ"})
        CHECK_FALSE(secret::parse(text));
}

TEST_CASE("a refusal does not show the secret")
{
    CHECK(secret::parse("hex:password1").error().text().find("password1") == std::string::npos);
}

TEST_CASE("a moved secret is in one place")
{
    secret first{"short"};
    const secret second{std::move(first)};
    CHECK(second.view() == "short");
    CHECK(second.copy().view() == "short");
}
