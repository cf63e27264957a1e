#include <cohort/http/client/client.hpp>

#include <cohort/http/client/detail/client_scene_test.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

using http::client_request;
using http::method;

/// No waiting in tests that do not test it.
http::client_options quick()
{
    http::client_options options;
    options.retry.pause_first = 1ms;
    options.retry.pause_ceiling = 1ms;
    return options;
}

struct scene : client_scene {
    explicit scene(http::client_options options = quick())
        : client{std::move(options)}
    {
        look_after(client);
    }
    result<http::client_response> get(const std::string& address)
    {
        return run(client.get(address));
    }
    http::client client;
};

}  // namespace

TEST_CASE("a client asks our own server, and keeps its connection")
{
    scene s;
    s.h.api.get("/hello", [](const http::request&) { return http::text("Hello, world"); });
    s.h.api.post("/echo", [](const http::request& r) {
        return http::bytes("text/plain", std::string{r.header("Content-Type").value_or("")} +
                                             std::string{r.body()});
    });
    s.h.api.get("/stream", [](const http::request&) {
        return http::stream("text/plain", [](http::body_writer& out) -> task<> {
            for (int i = 0; i < 100; ++i) {
                const auto sent = co_await out.write(std::string(1000, 's'));
                if (!sent)
                    co_return;
            }
        });
    });
    const std::string at = s.serve();
    const auto hello = s.get(at + "/hello");
    REQUIRE(hello);
    CHECK(hello->status() == 200);
    CHECK(hello->succeeded());
    CHECK(hello->body() == "Hello, world");
    CHECK(hello->header("content-type") == "text/plain; charset=utf-8");
    CHECK(s.get(at + "/none")->status() == 404);
    CHECK(s.get(at + "/stream")->body() == std::string(100'000, 's'));

    client_request ask{method::post, at + "/echo"};
    ask.json({{"a", 1}});
    CHECK(s.run(s.client.send(ask))->body() == "application/json{\"a\":1}");
    CHECK(s.run(s.client.send(client_request{method::head, at + "/hello"}))->body().empty());
    CHECK(s.run(s.client.send(client_request{method::del, at + "/hello"}))->status() == 405);
    CHECK(s.accepted == 1);
    CHECK(s.client.counters().connections_reused == 5);
    CHECK(s.client.counters().answered == 6);
}

TEST_CASE("what belongs to the whole is passed on, and headers cannot be smuggled")
{
    http::client_options options = quick();
    options.deadline_header = "X-Left-Ms";
    scene s{options};
    const std::string at = s.serve([](const std::string&) { return reply{plain("x")}; });
    s.h.api.get("/front", [&](http::request& r) -> task<http::response> {
        r.attach(http::request_id{"id-1"});
        r.attach(http::request_deadline{now() + 10s});
        auto answer = co_await s.client.get(at + "/back", r);
        co_return http::text(answer ? answer->body() : answer.error().text());
    });
    const std::string front = s.serve();
    client_request ask{method::get, front + "/front"};
    ask.header("traceparent", "00-1-2-01").header("tracestate", "a=b");
    CHECK(s.run(s.client.send(ask))->body() == "x");
    REQUIRE(s.heads.size() == 1);
    const std::string& head = s.heads.front();
    CHECK(head.starts_with("GET /back HTTP/1.1\r\nHost: 127.0.0.1:"));
    for (const char* const line : {"\r\ntraceparent: 00-1-2-01\r\n", "\r\ntracestate: a=b\r\n",
                                   "\r\nX-Request-Id: id-1\r\n", "\r\nUser-Agent: cohort\r\n"})
        CHECK(head.find(line) != std::string::npos);
    const std::size_t left = head.find("X-Left-Ms: ");
    REQUIRE(left != std::string::npos);
    CHECK(std::string_view{head}.substr(left + 11).find_first_of("\r") <= 5);

    CHECK_THROWS_AS(ask.header("A", "b\r\nC: d"), failure);
    CHECK_THROWS_AS(ask.header("Host", "evil"), failure);
    CHECK_THROWS_AS(ask.header("content-length", "1"), failure);
    CHECK(s.get("http://user@host/").error().why() == errc::bad_value);
}

TEST_CASE("answers that are cut, wrong or endless are faults that say so")
{
    http::client_options options = quick();
    options.retry.attempts_max = 1;
    options.response_bytes_max = 1000;
    options.breaker.failures_min = 1000;
    using then = reply::then;
    struct wrong {
        reply says;
        errc why;
    };
    const std::vector<wrong> all{
        {{"", then::close}, errc::channel_closed},
        {{"", then::reset}, errc::channel_closed},
        {{"HTTP/1.1 200 OK\r\nContent-Le", then::close}, errc::channel_closed},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", then::close}, errc::channel_closed},
        {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", then::close},
         errc::channel_closed},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", then::reset}, errc::channel_closed},
        {{"nonsense\r\n\r\n"}, errc::malformed},
        {{"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}, errc::malformed},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1"}, errc::malformed},
        {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"}, errc::malformed},
        {{"HTTP/1.1 101 Switching\r\n\r\n"}, errc::malformed},
        {{"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"}, errc::too_large},
        {{plain(std::string(1001, 'x'))}, errc::too_large},
        {{"HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'), then::close}, errc::too_large},
    };
    for (const wrong& each : all) {
        CAPTURE(each.says.bytes.substr(0, 80));
        scene s{options};
        const std::string at = s.serve([&](const std::string&) { return each.says; });
        const auto got = s.get(at + "/");
        REQUIRE_FALSE(got);
        CHECK_MESSAGE(got.error().why() == each.why, got.error().text());
        CHECK(s.client.counters().failed == 1);
    }
}

TEST_CASE("what is unusual but right is understood")
{
    scene s;
    reply next;
    const std::string at = s.serve([&](const std::string&) { return next; });
    const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    next = {interim + interim + plain("after")};
    CHECK(s.get(at)->body() == "after");
    next = {"HTTP/1.1 200 OK\r\n\r\nuntil the end", reply::then::close};
    CHECK(s.get(at)->body() == "until the end");
    next = {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"};
    CHECK(s.get(at)->body() == "ok");
    next = {"HTTP/1.1 204 No Content\r\n\r\n"};
    CHECK(s.get(at)->status() == 204);
    next = {plain(std::string(1000, 'x')) + "more than was asked for"};
    CHECK(s.get(at)->body().size() == 1000);
    next = {plain("fresh connection")};
    CHECK(s.get(at)->body() == "fresh connection");
}

TEST_CASE("a connection that the server has closed is replaced without anybody noticing")
{
    scene s;
    int count = 0;
    const std::string at = s.serve([&](const std::string&) {
        // The second request of the first connection meets a closed door.
        ++count;
        return count == 2 ? reply{"", reply::then::reset} : reply{plain(std::to_string(count))};
    });
    CHECK(s.get(at)->body() == "1");
    CHECK(s.get(at)->body() == "3");
    CHECK(s.client.counters().retries == 0);
    CHECK(s.client.counters().connections_stale == 1);
    CHECK(s.accepted == 2);

    scene closing;
    const std::string there = closing.serve([](const std::string&) {
        return reply{plain("x", "200 OK", "Keep-Alive: timeout=0\r\n"), reply::then::close};
    });
    CHECK(closing.get(there)->body() == "x");
    closing.h.quiet();
    // The end has come meanwhile: even a request that must not run twice can be sent.
    client_request ask{method::post, there};
    CHECK(closing.run(closing.client.send(ask))->body() == "x");
    CHECK(closing.accepted == 2);
}

TEST_CASE("requests are sent again if that is safe, and the server's Retry-After is heeded")
{
    scene s;
    std::vector<reply> next;
    const std::string at = s.serve([&](const std::string&) {
        const reply one = next.front();
        next.erase(next.begin());
        return one;
    });
    const reply cut{"", reply::then::close};
    const reply busy{plain("", "503 Service Unavailable", "Retry-After: 0\r\n")};
    next = {busy, cut, {plain("third")}};
    CHECK(s.get(at)->body() == "third");
    // The second one met a connection that was used before, and may have been closed for that.
    CHECK(s.client.counters().retries == 1);
    CHECK(s.client.counters().connections_stale == 1);
    next = {busy, busy, busy};
    CHECK(s.get(at)->status() == 503);
    next = {{plain("", "503 Service Unavailable", "Retry-After: 3600\r\n")}};
    CHECK(s.get(at)->status() == 503);
    CHECK(next.empty());

    client_request post{method::post, at};
    next = {busy};
    CHECK(s.run(s.client.send(post))->status() == 503);
    next = {cut};
    s.close_idle();
    CHECK(s.run(s.client.send(post)).error().why() == errc::channel_closed);
    post.repeatable(http::repeatable::yes);
    next = {cut, {plain("again")}};
    CHECK(s.run(s.client.send(post))->body() == "again");
}

TEST_CASE("a redirect is an answer, unless it stays on the same origin and may be followed")
{
    scene s;
    const auto sends = [](std::string to) {
        return reply{plain("", "302 Found", "Location: " + to + "\r\n")};
    };
    std::string at;
    const http::redirects rule = http::redirects::same_origin;
    const auto script = [&](const std::string& head) {
        if (head.starts_with("GET /loop"))
            return sends("/loop");
        if (head.starts_with("GET /away"))
            return sends("http://example.invalid/");
        if (head.starts_with("GET /tricky"))
            return sends("//example.invalid/");
        if (head.starts_with("GET /here"))
            return sends(at + "/end");
        if (head.starts_with("GET /path"))
            return sends("/here");
        return reply{plain("end")};
    };
    at = s.serve(script);
    CHECK(s.get(at + "/path")->status() == 302);

    http::client_options options = quick();
    options.redirects = rule;
    scene follows{options};
    at = follows.serve(script);
    CHECK(follows.get(at + "/path")->body() == "end");
    CHECK(follows.get(at + "/away")->status() == 302);
    CHECK(follows.get(at + "/tricky")->status() == 302);
    CHECK(follows.get(at + "/loop")->status() == 302);
    CHECK(follows.client.counters().redirects_followed == 2 + options.redirects_max);
    client_request post{method::post, at + "/path"};
    CHECK(follows.run(follows.client.send(post))->body() == "end");
}

TEST_CASE("a body can be read piece by piece, and dropped in the middle")
{
    scene s;
    const std::string at =
        s.serve([](const std::string&) { return reply{plain(std::string(100'000, 'x'))}; });
    const auto read = [&](std::size_t most) -> task<std::size_t> {
        client_request ask{method::get, at};
        auto stream = co_await s.client.open(ask);
        REQUIRE(stream);
        CHECK(stream->head().header("Content-Length") == "100000");
        std::size_t bytes = 0;
        while (bytes < most) {
            const auto piece = co_await stream->read();
            REQUIRE(piece);
            if (piece->empty())
                break;
            bytes += piece->size();
        }
        co_return bytes;
    };
    CHECK(s.run(read(1'000'000)) == 100'000);
    CHECK(s.run(read(1)) >= 1);
    CHECK(s.run(read(1'000'000)) == 100'000);
    CHECK(s.accepted == 2);
}

// The programs of docs/manual/client.md.
TEST_CASE("a handler asks another server, and says so if it cannot")
{
    scene s;
    const std::string back = s.serve([](const std::string& head) {
        return reply{plain(head.starts_with("POST") ? "paid" : "7 euros")};
    });
    http::client& client = s.client;
    const std::string key = "k-1";
    s.h.api.get("/front", [&](const http::request& r) -> task<http::response> {
        auto answer = co_await client.get(back + "/7", r);
        if (!answer)
            throw http::refusal{502}.detail(answer.error().text());
        co_return http::text(answer->body());
    });
    s.h.api.post("/pay", [&](const http::request& r) -> task<http::response> {
        const boost::json::value document{{"cents", 700}};
        http::client_request ask{http::method::post, back + "/invoices"};
        ask.json(document).header("Idempotency-Key", key).on_behalf_of(r).within(2s);
        auto answer = co_await client.send(ask);
        co_return http::text(answer ? answer->body() : answer.error().text());
    });
    const std::string front = s.serve();
    CHECK(s.get(front + "/front")->body() == "7 euros");
    CHECK(s.run(client.post_json(front + "/pay", {}))->body() == "paid");
    CHECK(s.heads.back().find("Idempotency-Key: k-1\r\n") != std::string::npos);
}
