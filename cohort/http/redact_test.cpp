#include <cohort/http/redact.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort::http;

TEST_CASE("secrets do not leave in a query, however their names are written")
{
    CHECK(redacted_query("page=2&token=abc&x=1") == "page=2&token=[redacted]&x=1");
    CHECK(redacted_query("Access_Token=abc") == "Access_Token=[redacted]");
    CHECK(redacted_query("%74oken=abc&pass%77ord=x=y") ==
          "%74oken=[redacted]&pass%77ord=[redacted]");
    CHECK(redacted_query("%zz=abc") == "%zz=[redacted]");
    CHECK(redacted_query("X-Amz-Signature=abc&otp=1") ==
          "X-Amz-Signature=[redacted]&otp=[redacted]");
    CHECK(redacted_query("eyJhbGciOiJIUzI1NiJ9&a") == "[redacted]&a");
    const std::vector<std::string> more{"iban"};
    CHECK(redacted_query("IBAN=DE02&name=x", more) == "IBAN=[redacted]&name=x");
}

TEST_CASE("what is no secret stays as it was sent")
{
    for (const char* query : {"", "a", "a=1&b=2&", "&&", "a=%20+b", "tokens=3", "token", "=x"})
        CHECK(redacted_query(query) == query);
}
