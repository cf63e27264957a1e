// All of it together, on a real server; and the snippets of docs/manual/middleware.md, compiled.

#include <cohort/http/decoder.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/markup.hpp>
#include <cohort/http/middleware/access_log.hpp>
#include <cohort/http/middleware/compression.hpp>
#include <cohort/http/middleware/conditional.hpp>
#include <cohort/http/middleware/cors.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/middleware/secure.hpp>
#include <cohort/http/middleware/shed.hpp>
#include <cohort/http/middleware/trust_proxies.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohort;
namespace http = cohort::http;
using http::detail::house;

namespace {

std::string ask(std::string_view line, std::string_view fields = {})
{
    return std::string{line} + " HTTP/1.1\r\nHost: shop.example\r\n" + std::string{fields} +
           "Connection: close\r\n\r\n";
}

/// All that comes back.
std::string answer_to(house& h, const std::string& request)
{
    auto one = h.connect();
    one.say(request);
    h.hear_end(one);
    return one.heard;
}

http::response page_with_nonce(const http::request& of)
{
    http::markup page{"<script nonce=\"", http::attribute{http::csp_nonce(of)}, "\">"};
    page.add({"let user = \"", http::js_string{"</script>"}, "\";</script>"});
    return http::html(std::move(page));
}

http::response events(const http::request&)
{
    return http::stream("text/event-stream", [](http::body_writer& out) -> task<> {
        for (int i = 0; i < 3; ++i) {
            const std::string event = "data: " + std::to_string(i) + "\n\n";
            auto sent = co_await out.write(event);
            if (!sent)
                co_return;
        }
    });
}

/// The stack that the manual recommends, in its order.
void build(http::router& api, std::vector<std::string>& log)
{
    auto written = [&log](const http::access_line& line) noexcept {
        log.push_back(std::string{line.route} + " " + std::to_string(line.status));
    };
    api.use(http::request_ids());
    api.use(http::trust_proxies({"local"}));
    api.use(http::access_log({.write = written}));
    api.use(http::shed({.in_flight_max = 500}));
    auto policy =
        http::content_policy::helmet8().set("script-src", {"'self'", http::content_policy::nonce});
    http::secure(
        api, {.hosts = {"shop.example"}, .helmet = {.content_security_policy = std::move(policy)}});
    api.use(http::cors({.origins = {"https://app.example"}}));
    api.use(http::compression());
    api.use(http::conditional());
    api.get("/", [](const http::request&) { return http::text(std::string(4000, 'x')); });
    api.get("/page", page_with_nonce);
    api.get("/events", events);
    api.get("/health", [](const http::request&) { return http::text("ok"); },
            {.notes = {http::quiet{}, http::plain_http_too{}, http::never_shed{}}});
}

constexpr std::string_view https = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n";

}  // namespace

TEST_CASE("the whole stack on a server: compressed, dressed, logged")
{
    house h;
    std::vector<std::string> log;
    build(h.api, log);
    const auto whole = answer_to(h, ask("GET /", std::string{https} + "Accept-Encoding: gzip\r\n"));
    CHECK(whole.starts_with("HTTP/1.1 200 OK\r\n"));
    for (const char* line :
         {"Content-Encoding: gzip\r\n", "Vary: Accept-Encoding, Origin\r\n", "ETag: W/\"",
          "X-Request-Id: ", "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n",
          "Content-Security-Policy: default-src 'self';", "script-src 'self' 'nonce-"})
        CHECK_MESSAGE(whole.find(line) != std::string::npos, line);
    const auto body = whole.substr(whole.find("\r\n\r\n") + 4);
    CHECK(http::decode(http::coding::gzip, body).value() == std::string(4000, 'x'));

    const auto tag = whole.substr(whole.find("ETag: ") + 6, 36);
    const auto again = answer_to(h, ask("GET /", std::string{https} + "Accept-Encoding: gzip\r\n" +
                                                     "If-None-Match: " + tag + "\r\n"));
    CHECK(again.starts_with("HTTP/1.1 304 Not Modified\r\n"));
    CHECK(again.find("Content-Encoding") == std::string::npos);
    CHECK(log == std::vector<std::string>{"/ 200", "/ 304"});
}

TEST_CASE("a preflight comes back from the stack, though nobody wrote an OPTIONS route")
{
    house h;
    std::vector<std::string> log;
    build(h.api, log);
    const auto answer = answer_to(
        h, ask("OPTIONS /events", std::string{https} + "Origin: https://app.example\r\n"
                                                       "Access-Control-Request-Method: GET\r\n"));
    CHECK(answer.starts_with("HTTP/1.1 204 No Content\r\n"));
    CHECK(answer.find("Access-Control-Allow-Origin: https://app.example\r\n") != std::string::npos);
}

TEST_CASE("plain http is sent to https, and checks of health are not")
{
    house h;
    std::vector<std::string> log;
    build(h.api, log);
    // Over TCP: a pair of sockets would be the primary's own.
    const auto answer_from_tcp = [&](const std::string& request) {
        auto one = h.connect_tcp();
        one.say(request);
        h.hear_end(one);
        return one.heard;
    };
    const auto moved = answer_from_tcp(ask("GET /page?x=1"));
    CHECK(moved.starts_with("HTTP/1.1 308 Permanent Redirect\r\n"));
    CHECK(moved.find("Location: https://shop.example/page?x=1\r\n") != std::string::npos);
    CHECK(answer_from_tcp(ask("GET /health")).starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(log == std::vector<std::string>{"/page 308"});
}

TEST_CASE("events leave one by one through compression")
{
    house h;
    std::vector<std::string> log;
    build(h.api, log);
    auto one = h.connect();
    one.say(ask("GET /events", std::string{https} + "Accept-Encoding: br\r\n"));
    h.hear_end(one);
    CHECK(one.has("Content-Encoding: br\r\n"));
    CHECK(one.has("Transfer-Encoding: chunked\r\n"));
    // Three events and the end, each a chunk of its own.
    std::string_view rest = one.heard;
    rest.remove_prefix(rest.find("\r\n\r\n") + 4);
    std::string body;
    int chunks = 0;
    for (;;) {
        std::size_t size = 0;
        for (const char digit : rest.substr(0, rest.find('\r')))
            size = size * 16 + static_cast<std::size_t>(http::hex_value(digit));
        rest.remove_prefix(rest.find("\r\n") + 2);
        if (size == 0)
            break;
        body += rest.substr(0, size);
        rest.remove_prefix(size + 2);
        ++chunks;
    }
    CHECK(chunks == 4);
    CHECK(http::decode(http::coding::br, body).value() == "data: 0\n\ndata: 1\n\ndata: 2\n\n");
}

TEST_CASE("a page and its policy have the same nonce, and what is in its script stays in it")
{
    house h;
    std::vector<std::string> log;
    build(h.api, log);
    const auto page = answer_to(h, ask("GET /page", https));
    const auto begin = page.find("<script nonce=\"") + 15;
    const auto nonce = page.substr(begin, 32);
    CHECK(page.find("'nonce-" + nonce + "'") != std::string::npos);
    CHECK(page.find(R"(let user = "\x3c\x2fscript\x3e";)") != std::string::npos);
}
