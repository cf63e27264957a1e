#include <cohort/http/limiting/rate_limit.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/auth/subject.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/requester.hpp>

#include <fmt/format.h>

#include <atomic>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

std::atomic<std::uint64_t> hand{1'000'000'000'000};

std::uint64_t read_hand() noexcept { return hand; }
void turn(std::chrono::nanoseconds by) { hand += static_cast<std::uint64_t>(by.count()); }

/// Limits of one name are one limit, so each test has its own.
std::string own_name()
{
    static int last = 0;
    return fmt::format("test-{}", ++last);
}

rate_limit_options two_a_minute()
{
    return {.name = own_name(),
            .limit = 2,
            .kind = limit_kind::fixed_window,
            .counts = std::make_shared<limit_counts>(),
            .clock = read_hand};
}

/// Stands in for trust_proxies() and authenticated().
hooks introduced()
{
    return {.name = "introduced", .before = [](request& of) -> std::optional<response> {
                if (const auto from = of.header("X-From"))
                    of.attach(requester{.address = ip_address::parse(*from).value(), .host = ""});
                if (const auto user = of.header("X-User"))
                    of.attach(subject{.id = std::string{*user}});
                return std::nullopt;
            }};
}

unsigned status(http::detail::around& app, std::string_view fields = {})
{
    return app.get("/", fields).status();
}

}  // namespace

TEST_CASE("requests beyond the limit are refused, and all answers say what is left")
{
    http::detail::around app;
    const auto choices = two_a_minute();
    app.use(rate_limit(choices));
    response first = app.get();
    CHECK(first.status() == 200);
    CHECK(first.header("RateLimit") == fmt::format("\"{}\"; r=1; t=60", choices.name));
    CHECK(first.header("RateLimit-Policy")
              ->starts_with(fmt::format("\"{}\"; q=2; w=60; pk=:", choices.name)));
    CHECK_FALSE(first.header("Retry-After"));
    turn(20s);
    CHECK(app.get().header("RateLimit") == fmt::format("\"{}\"; r=0; t=40", choices.name));
    response refused = app.get();
    CHECK(refused.status() == 429);
    CHECK(refused.header("Retry-After") == "40");
    CHECK(refused.header("RateLimit") == fmt::format("\"{}\"; r=0; t=40", choices.name));
    turn(40s);
    CHECK(status(app) == 200);
    CHECK(choices.counts->admitted == 3);
    CHECK(choices.counts->refused == 1);
}

TEST_CASE("clients are told apart by address, and one IPv6 site is one client")
{
    http::detail::around app;
    app.use(introduced()).use(rate_limit(two_a_minute()));
    for (const auto* each : {"2001:db8:0:aa01::1", "2001:db8:0:aaff:1:2:3:4"})
        CHECK(status(app, fmt::format("X-From: {}\r\n", each)) == 200);
    CHECK(status(app, "X-From: 2001:db8:0:aa77::9\r\n") == 429);
    CHECK(status(app, "X-From: 2001:db8:0:ab01::1\r\n") == 200);
    CHECK(status(app, "X-From: 192.0.2.1\r\n") == 200);
    CHECK(status(app, "X-From: ::ffff:192.0.2.1\r\n") == 200);
    CHECK(status(app, "X-From: 192.0.2.1\r\n") == 429);
    CHECK(status(app, "X-From: 192.0.2.2\r\n") == 200);
}

TEST_CASE("users, header fields and whatever a program likes can be keys")
{
    auto choices = two_a_minute();
    choices.limit = 1;
    http::detail::around users;
    choices.key = limit_key::user();
    users.use(introduced()).use(rate_limit(choices));
    CHECK(status(users, "X-User: ada\r\n") == 200);
    CHECK(status(users, "X-User: bob\r\n") == 200);
    CHECK(status(users, "X-User: ada\r\n") == 429);
    CHECK(status(users, "X-From: 192.0.2.1\r\n") == 200);
    CHECK(status(users, "X-From: 192.0.2.1\r\n") == 429);

    http::detail::around fields;
    choices.name = own_name();
    choices.key = limit_key::header("X-Api-Key");
    fields.use(introduced()).use(rate_limit(choices));
    CHECK(status(fields, "X-Api-Key: 1\r\n") == 200);
    CHECK(status(fields, "X-Api-Key: 1\r\nX-From: 192.0.2.1\r\n") == 429);
    CHECK(status(fields, "X-Api-Key: 2\r\n") == 200);
    CHECK(status(fields, "X-From: 192.0.2.1\r\n") == 200);

    http::detail::around own;
    choices.name = own_name();
    choices.key = limit_key{[](const request& of) -> std::optional<std::string> {
        if (of.header("X-Staff"))
            return std::nullopt;
        return "everybody";
    }};
    own.use(rate_limit(choices));
    CHECK(status(own) == 200);
    CHECK(status(own) == 429);
    response free = own.get("/", "X-Staff: yes\r\n");
    CHECK(free.status() == 200);
    CHECK_FALSE(free.header("RateLimit"));
}

TEST_CASE("no name of a user is the key of those whose address nobody knows")
{
    auto choices = two_a_minute();
    choices.limit = 1;
    choices.key = limit_key::user();
    http::detail::around app;
    app.use(introduced()).use(rate_limit(choices));
    CHECK(status(app) == 200);
    for (const auto* each : {"nknown", "nobody", "obody", "local", "ocal"})
        CHECK(status(app, fmt::format("X-User: {}\r\n", each)) == 200);
    CHECK(status(app) == 429);
}

TEST_CASE("several limits combine, and each is told")
{
    auto narrow = two_a_minute();
    auto wide = two_a_minute();
    wide.limit = 3;
    wide.window = 10min;
    http::detail::around app;
    app.use(rate_limit(wide)).use(rate_limit(narrow));
    CHECK(app.get().header("RateLimit") ==
          fmt::format("\"{}\"; r=2; t=600, \"{}\"; r=1; t=60", wide.name, narrow.name));
    CHECK(status(app) == 200);
    response refused = app.get();
    CHECK(refused.status() == 429);
    CHECK(refused.header("Retry-After") == "60");
    CHECK(refused.header("RateLimit") ==
          fmt::format("\"{}\"; r=0; t=600, \"{}\"; r=0; t=60", wide.name, narrow.name));
    CHECK(refused.body().find(narrow.name) != std::string_view::npos);
    turn(60s);
    refused = app.get();
    CHECK(refused.header("Retry-After") == "540");
    CHECK(refused.header("RateLimit") == fmt::format("\"{}\"; r=0; t=540", wide.name));
}

TEST_CASE("answers that do not count are given back, errors of handlers too")
{
    for (const limit_kind kind : {limit_kind::fixed_window, limit_kind::gcra}) {
        auto choices = two_a_minute();
        choices.kind = kind;
        choices.skip = limit_skip::failed;
        http::detail::around app;
        app.use(rate_limit(choices));
        app.answers = []() -> response { throw refusal{404}; };
        for (int i = 0; i < 5; ++i)
            CHECK(status(app) == 404);
        CHECK(choices.counts->given_back == 5);
        app.answers = [] { return text("found"); };
        CHECK(status(app) == 200);
        CHECK(status(app) == 200);
        CHECK(status(app) == 429);

        choices.name = own_name();
        choices.skip = limit_skip::successful;
        http::detail::around logins;
        logins.use(rate_limit(choices));
        logins.answers = [] { return text("welcome"); };
        for (int i = 0; i < 5; ++i)
            CHECK(status(logins) == 200);
        logins.answers = [] { return problem(401); };
        CHECK(status(logins) == 401);
        CHECK(status(logins) == 401);
        CHECK(status(logins) == 429);
    }
}

TEST_CASE("limits of one name are one limit, wherever they stand")
{
    const auto choices = two_a_minute();
    http::detail::around one;
    http::detail::around other;
    one.use(rate_limit(choices));
    other.use(rate_limit(choices));
    CHECK(status(one) == 200);
    CHECK(status(other) == 200);
    CHECK(status(one) == 429);
}

TEST_CASE("more than the commons have room for is counted by the process alone")
{
    auto choices = two_a_minute();
    choices.keys = 5'000'000;
    http::detail::around app;
    app.use(rate_limit(choices));
    CHECK(status(app) == 200);
    CHECK(status(app) == 200);
    CHECK(status(app) == 429);
}

TEST_CASE("a limit that cannot be is refused when routes are set up")
{
    CHECK_THROWS_AS(static_cast<void>(rate_limit({.name = ""})), failure);
    CHECK_THROWS_AS(static_cast<void>(rate_limit({.name = "a\"b"})), failure);
    CHECK_THROWS_AS(static_cast<void>(rate_limit({.name = "a", .limit = 0})), failure);
    CHECK_THROWS_AS(static_cast<void>(limit_key::address(0)), failure);
}

TEST_CASE("a request may meet many limits, and is told of all, the outermost first")
{
    http::detail::around app;
    std::string policies;
    std::string states;
    for (int i = 0; i < 5; ++i) {
        const auto choices = two_a_minute();
        app.use(rate_limit(choices));
        const std::string before = i == 0 ? "" : ", ";
        policies += fmt::format("{}\"{}\"; q=2; w=60; pk=:", before, choices.name);
        states += fmt::format("{}\"{}\"; r=1; t=60", before, choices.name);
    }
    const response answer = app.get();
    CHECK(answer.header("RateLimit") == states);
    std::string said{answer.header("RateLimit-Policy").value()};
    for (std::size_t at = said.find("pk=:"); at != said.npos; at = said.find("pk=:", at + 4))
        said.erase(at + 4, said.find(':', at + 4) + 1 - (at + 4));
    CHECK(said == policies);
}
