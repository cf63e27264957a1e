#include <cohort/http/content_policy.hpp>

#include <cohort/base/error.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;

TEST_CASE("a policy is its directives in the order in which they were first set")
{
    content_policy policy;
    policy.set("default-src", {"'self'"}).set("img-src", {"*", "data:"});
    policy.set("default-src", {"'none'"}).set("upgrade-insecure-requests", {});
    CHECK(policy.text() == "default-src 'none';img-src * data:;upgrade-insecure-requests");
    policy.remove("img-src");
    CHECK(policy.text() == "default-src 'none';upgrade-insecure-requests");
}

TEST_CASE("a nonce stands where the policy asks for it")
{
    const auto policy =
        content_policy{}.set("script-src", {"'self'", content_policy::nonce}).set("img-src", {"*"});
    CHECK(policy.uses_nonce());
    CHECK(policy.text("abc") == "script-src 'self' 'nonce-abc';img-src *");
    CHECK_FALSE(content_policy::helmet8().uses_nonce());
}

TEST_CASE("no value can become another directive")
{
    content_policy policy;
    for (const char* value : {"", "a b", "a;script-src *", "a,b", "a\r\nX: y", "\x80"})
        CHECK_THROWS_AS(policy.set("img-src", {value}), cohort::failure);
    for (const char* name : {"", "img src", "img-src;", "IMG"})
        CHECK_THROWS_AS(policy.set(name, {"*"}), cohort::failure);
    CHECK(policy.text().empty());
}
