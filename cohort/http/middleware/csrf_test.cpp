#include <cohort/http/middleware/csrf.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/detail/middleware_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;

namespace {

using verdict = csrf_verdict;

verdict judge(std::string_view line, std::string_view fields,
              const std::vector<std::string>& trusted = {})
{
    http::detail::parsed one{line, fields};
    return judge_origin(one.of, trusted);
}

/// What a proxy that is trusted said.
verdict judge_behind(scheme how, std::string_view host, std::string_view fields)
{
    http::detail::parsed one{"POST /", fields};
    one.of.attach(requester{.address = {}, .scheme = how, .host = host});
    return judge_origin(one.of, {});
}

}  // namespace

TEST_CASE("methods that change nothing pass, whoever sends them")
{
    for (const auto* line : {"GET /", "HEAD /", "OPTIONS /"})
        CHECK(judge(line, "Sec-Fetch-Site: cross-site\r\nOrigin: https://evil\r\n") ==
              verdict::safe_method);
    for (const auto* line : {"POST /", "PUT /", "PATCH /", "DELETE /", "BREW /"})
        CHECK(judge(line, "Sec-Fetch-Site: cross-site\r\n") == verdict::cross_site);
}

TEST_CASE("a WebSocket handshake is checked although it is a GET")
{
    CHECK(judge("GET /", "Upgrade: websocket\r\nOrigin: https://evil\r\n") ==
          verdict::other_origin);
    CHECK(judge("GET /", "Upgrade: WebSocket\r\nOrigin: http://test\r\n") == verdict::same_origin);
    CHECK(judge("GET /", "Upgrade: websocket\r\n") == verdict::no_browser);
}

TEST_CASE("what the browser says of the site decides, whatever Origin says")
{
    CHECK(judge("POST /", "Sec-Fetch-Site: same-origin\r\n") == verdict::same_origin);
    CHECK(judge("POST /", "Sec-Fetch-Site: none\r\n") == verdict::same_origin);
    for (const auto* site : {"cross-site", "same-site", "", "Same-Origin", "same-origin, none"})
        CHECK(judge("POST /", "Origin: http://test\r\nSec-Fetch-Site: " + std::string{site} +
                                  "\r\n") == verdict::cross_site);
    CHECK(judge("POST /", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: none\r\n") ==
          verdict::cross_site);
}

TEST_CASE("without it, Origin must be this site, or absent")
{
    CHECK(judge("POST /", "") == verdict::no_browser);
    for (const auto* origin :
         {"http://test", "https://test", "http://TEST", "http://test:80", "https://test:443"})
        CHECK(judge("POST /", "Origin: " + std::string{origin} + "\r\n") == verdict::same_origin);
    for (const auto* origin :
         {"null", "http://evil", "http://test.evil", "http://eviltest", "http://test:8080",
          "https://test:80", "http://test@evil", "test", "", "http://", "ftp://test",
          "http://test/", "http://test http://test"})
        CHECK(judge("POST /", "Origin: " + std::string{origin} + "\r\n") == verdict::other_origin);
    CHECK(judge("POST /", "Origin: http://test\r\nOrigin: http://test\r\n") ==
          verdict::other_origin);
}

TEST_CASE("an origin that is trusted may send anything")
{
    const std::vector<std::string> trusted{"https://app.example.com"};
    CHECK(judge("POST /", "Origin: https://app.example.com\r\nSec-Fetch-Site: cross-site\r\n",
                trusted) == verdict::trusted_origin);
    CHECK(judge("POST /", "Origin: http://app.example.com\r\nSec-Fetch-Site: cross-site\r\n",
                trusted) == verdict::cross_site);
    CHECK(judge("POST /", "Origin: https://app.example.com.evil\r\n", trusted) ==
          verdict::other_origin);
}

TEST_CASE("behind a trusted proxy, this site is the one that clients see, scheme and all")
{
    CHECK(judge_behind(scheme::https, "shop.example", "Origin: https://shop.example\r\n") ==
          verdict::same_origin);
    CHECK(judge_behind(scheme::https, "shop.example:443", "Origin: https://shop.example\r\n") ==
          verdict::same_origin);
    CHECK(judge_behind(scheme::https, "shop.example", "Origin: http://shop.example\r\n") ==
          verdict::other_origin);
    CHECK(judge_behind(scheme::http, "shop.example", "Origin: https://shop.example\r\n") ==
          verdict::other_origin);
    CHECK(judge_behind(scheme::https, "shop.example", "Origin: https://test\r\n") ==
          verdict::other_origin);
}

TEST_CASE("csrf() answers 403, counts, and leaves out routes that say so")
{
    auto counts = std::make_shared<csrf_counts>();
    router api;
    api.use(csrf({.trusted_origins = {"https://app.example.com"}, .counts = counts}));
    api.post("/pay", [](const request&) { return text("paid"); });
    api.post("/hook", [](const request&) { return text("heard"); },
             {.notes = {cross_origin_allowed{}}});
    REQUIRE(api.freeze());
    const auto send = [&api](std::string_view line, std::string_view fields) {
        http::detail::parsed one{line, fields};
        return api.plan_for(one.of).to->run(one.of);
    };

    const auto answer = send("POST /pay", "Sec-Fetch-Site: cross-site\r\n");
    CHECK(answer.status() == 403);
    CHECK(answer.content_type() == "application/problem+json");
    CHECK(send("POST /pay", "Origin: null\r\n").status() == 403);
    CHECK(send("POST /pay", "Sec-Fetch-Site: same-origin\r\n").status() == 200);
    CHECK(send("POST /pay", "Origin: https://app.example.com\r\n").status() == 200);
    CHECK(send("POST /hook", "Sec-Fetch-Site: cross-site\r\n").status() == 200);
    CHECK(counts->cross_site == 1);
    CHECK(counts->other_origin == 1);
}

TEST_CASE("origins that no browser would send are refused at the start")
{
    for (const auto* origin : {"", "null", "*", "app.example.com", "https://app.example.com/",
                               "https://*.example.com", "https://app.example.com:443"})
        CHECK_THROWS_AS((void)csrf({.trusted_origins = {origin}}), failure);
    (void)csrf({.trusted_origins = {"http://localhost:3000", "https://[::1]:8443"}});
}
