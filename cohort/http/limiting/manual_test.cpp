// The snippets of docs/manual/rate-limits.md, so that they compile.

#include <cohort/http/limiting/concurrency_limit.hpp>
#include <cohort/http/limiting/rate_limit.hpp>
#include <cohort/http/limiting/redis_limits.hpp>
#include <cohort/http/router.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace std::chrono_literals;
namespace http = cohort::http;

TEST_CASE("the limits of the manual can be set up")
{
    http::router api;
    api.use(http::rate_limit({.name = "api", .limit = 100, .window = 1min}));

    api.use(http::rate_limit({.name = "day", .limit = 10'000, .window = 24h}));
    api.use(http::rate_limit({.name = "second", .limit = 20, .window = 1s}));

    auto login = api.group("/login");
    login.use(http::rate_limit({.name = "login",
                                .limit = 5,
                                .window = 15min,
                                .kind = http::limit_kind::fixed_window,
                                .skip = http::limit_skip::successful}));

    auto reports = api.group("/reports");
    reports.use(
        http::concurrency_limit({.name = "reports", .limit = 2, .key = http::limit_key::user()}));

    const std::string secret = "secret";
    auto redis = std::make_shared<http::redis_limits>(
        http::redis_options{.address = "10.0.0.5", .password = secret});
    api.use(http::rate_limit_across({.name = "api", .limit = 100, .window = 1min}, redis));
    CHECK(api.freeze());
}
