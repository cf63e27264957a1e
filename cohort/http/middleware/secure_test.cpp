#include <cohort/http/middleware/secure.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/requester.hpp>
#include <cohort/http/tls/facts.hpp>

#include <doctest/doctest.h>

#include <optional>

using namespace cohort::http;
using cohort::http::detail::around;

namespace {

hooks over_tls()
{
    return {.name = "tls", .before = [](request& of) -> std::optional<response> {
                of.attach(tls::secured{nullptr});
                return std::nullopt;
            }};
}

}  // namespace

TEST_CASE("one call: careful headers, our hosts only, https only")
{
    around tls;
    tls.use(over_tls());
    secure(tls.api, {.hosts = {"test"}});
    CHECK(tls.get().status() == 200);
    CHECK(tls.get().header("Strict-Transport-Security"));

    around plain;
    secure(plain.api, {.hosts = {"test"}});
    CHECK(plain.get().status() == 308);
    CHECK(plain.get().header("X-Content-Type-Options") == "nosniff");

    around elsewhere;
    secure(elsewhere.api, {.hosts = {"shop.example"}});
    CHECK(elsewhere.get().status() == 421);
    CHECK(elsewhere.get().header("X-Content-Type-Options") == "nosniff");
}

TEST_CASE("what is loosened has a name that says so, and a list of hosts is not forgotten")
{
    around loose;
    secure(loose.api, {.hosts = any_host(), .https = std::nullopt});
    CHECK(loose.get().status() == 200);
    around forgotten;
    CHECK_THROWS_AS(secure(forgotten.api, {}), cohort::failure);
}
