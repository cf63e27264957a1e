#include <cohort/http/auth/verified_tokens.hpp>

#include <cohort/http/auth/jwt.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace cohort::http;

namespace {

verified_token one(std::string text, std::shared_ptr<const void> keys = nullptr)
{
    auto claims = std::make_shared<const jwt_claims>(
        jwt_claims{.subject = text, .expires = 200, .valid_from = 100, .all = {}});
    return {.text = std::move(text),
            .claims = std::move(claims),
            .valid_from = 100,
            .valid_until = 200,
            .keys = std::move(keys)};
}

}  // namespace

TEST_CASE("a token is known from its beginning to its end, and under the keys that verified it")
{
    verified_tokens known{8};
    const auto keys = std::make_shared<int>(1);
    const auto others = std::make_shared<int>(2);
    known.keep(one("a", keys));
    REQUIRE(known.find("a", 150, keys.get()) != nullptr);
    CHECK(known.find("a", 150, keys.get())->subject == "a");
    CHECK(known.find("a", 99, keys.get()) == nullptr);
    CHECK(known.find("a", 100, keys.get()) != nullptr);
    CHECK(known.find("a", 199, keys.get()) != nullptr);
    CHECK(known.find("a", 200, keys.get()) == nullptr);
    CHECK(known.find("a", 150, others.get()) == nullptr);
    CHECK(known.find("a", 150, nullptr) == nullptr);
    CHECK(known.find("b", 150, keys.get()) == nullptr);
    known.keep(one("a", others));
    CHECK(known.find("a", 150, others.get()) != nullptr);
}

TEST_CASE("so many are known and no more, and none that is very long")
{
    verified_tokens known{8};
    int found = 0;
    for (int i = 0; i < 1000; ++i)
        known.keep(one("token " + std::to_string(i)));
    for (int i = 0; i < 1000; ++i)
        found += known.find("token " + std::to_string(i), 150, nullptr) != nullptr ? 1 : 0;
    CHECK(found == 8);
    CHECK(known.find("token 999", 150, nullptr) != nullptr);

    const std::string longest(verified_tokens::token_bytes_max, 'x');
    known.keep(one(longest));
    known.keep(one(longest + "x"));
    CHECK(known.find(longest, 150, nullptr) != nullptr);
    CHECK(known.find(longest + "x", 150, nullptr) == nullptr);
}

TEST_CASE("where none are to be remembered, none is")
{
    verified_tokens known{0};
    known.keep(one("a"));
    CHECK(known.find("a", 150, nullptr) == nullptr);
}
