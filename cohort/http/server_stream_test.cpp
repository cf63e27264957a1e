// Coroutine handlers, and bodies that are streamed.
#include <cohort/http/server.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

TEST_CASE("a coroutine handler is awaited, and cancelled when its client is cut")
{
    house h;
    int ended = 0;
    h.api.get("/slow", [&](const request&) -> task<response> {
        co_await sleep_for(1ms);
        co_return text("slowly");
    });
    h.api.get("/never", [&](const request&) -> task<response> {
        co_await sleep_for(1h);
        ++ended;
        co_return text("never");
    });
    client c = h.connect();
    c.say(get("/slow") + get("/slow"));
    h.until([&] {
        c.listen();
        return c.count("slowly") == 2;
    });
    c.say(get("/never"));
    h.until([&] { return h.serving->running() == 1; });
    h.quiet();
    h.stop();
    h.until([&] { return ended == 1 && h.serving->running() == 0; });
}

TEST_CASE("a streamed answer is chunked, and waits for a client that reads slowly")
{
    house h;
    std::size_t produced = 0;
    h.api.get("/stream", [&](const request&) {
        return stream("text/plain", [&](body_writer& out) -> awaitable<> {
            const std::string piece(5000, 's');
            for (int i = 0; i < 400; ++i) {
                const auto sent = co_await out.write(piece);
                if (!sent)
                    co_return;
                produced += piece.size();
            }
        });
    });
    client c = h.connect(4096);
    c.say(get("/stream") + get("/stream"));
    h.until([&] { return produced != 0; });
    h.quiet();
    const std::size_t stalled_at = produced;
    h.quiet();
    CHECK(stalled_at < 1'000'000);
    CHECK(produced == stalled_at);
    h.until([&] {
        c.listen();
        return c.heard.size() > 4'000'000 && c.count("\r\n0\r\n\r\n") == 2;
    });
    CHECK(c.count("Transfer-Encoding: chunked") == 2);
    CHECK(produced == 4'000'000);
}

TEST_CASE("HTTP/1.0 gets a streamed answer that ends with the connection")
{
    house h;
    h.api.get("/stream", [](const request&) {
        return stream("text/plain", [](body_writer& out) -> awaitable<> {
            const auto sent = co_await out.write("until the end");
            static_cast<void>(sent);
        });
    });
    client c = h.connect();
    c.say("GET /stream HTTP/1.0\r\n\r\n");
    h.hear_end(c);
    CHECK(c.heard.ends_with("\r\n\r\nuntil the end"));
    CHECK(!c.has("chunked"));
}

TEST_CASE("a streamed answer of announced length is that long, or is cut")
{
    house h;
    h.api.on_handler_error([](const request&, std::string_view) noexcept {});
    errc refused{};
    h.api.get("/exact", [&](const request&) {
        return stream("text/plain", 10, [&](body_writer& out) -> awaitable<> {
            const auto most = co_await out.write("12345678");
            const auto more = co_await out.write("too much");
            const auto rest = co_await out.write("90");
            CHECK(most.has_value());
            CHECK(rest.has_value());
            if (!more && more.error().why() == errc::too_large)
                refused = errc::too_large;
        });
    });
    h.api.get("/short", [](const request&) {
        return stream("text/plain", 10, [](body_writer& out) -> awaitable<> {
            const auto sent = co_await out.write("123");
            static_cast<void>(sent);
        });
    });
    client c = h.connect();
    c.say(get("/exact") + "HEAD /exact HTTP/1.1\r\nHost: t\r\n\r\n" + get("/short") +
          get("/exact"));
    h.hear_end(c);
    CHECK(refused == errc::too_large);
    CHECK(c.count("Content-Length: 10\r\n") == 3);
    CHECK(c.count("\r\n\r\n1234567890HTTP/1.1 200") == 1);
    CHECK(!c.has("Transfer-Encoding"));
    CHECK(!c.has("too much"));
    CHECK(c.heard.ends_with("\r\n\r\n123"));
}

TEST_CASE("a producer that fails leaves a body that can be seen to be cut")
{
    house h;
    h.api.on_handler_error([](const request&, std::string_view) noexcept {});
    h.api.get("/broken", [](const request&) {
        return stream("text/plain", [](body_writer& out) -> awaitable<> {
            const auto sent = co_await out.write("half of it");
            static_cast<void>(sent);
            throw std::runtime_error{"the other half is lost"};
        });
    });
    client c = h.connect();
    c.say(get("/broken"));
    h.hear_end(c);
    CHECK(c.has("half of it"));
    CHECK(!c.has("\r\n0\r\n\r\n"));
}

TEST_CASE("a streamed request body arrives piece by piece, also while the answer is produced")
{
    house h;
    h.api.post("/count",
               [](request& r) -> task<response> {
                   std::size_t bytes = 0;
                   for (;;) {
                       const auto piece = co_await r.stream().read();
                       if (!piece)
                           co_return problem(400);
                       if (piece->empty())
                           break;
                       bytes += piece->size();
                   }
                   co_return text(std::to_string(bytes));
               },
               {.body = body_use::streamed, .body_max = 10'000'000});
    h.api.post("/mirror",
               [](request& r) -> task<response> {
                   co_return stream("text/plain", [&r](body_writer& out) -> awaitable<> {
                       for (;;) {
                           const auto piece = co_await r.stream().read();
                           if (!piece || piece->empty())
                               co_return;
                           const auto sent = co_await out.write(*piece);
                           if (!sent)
                               co_return;
                       }
                   });
               },
               {.body = body_use::streamed, .body_max = 10'000'000});

    client c = h.connect();
    c.say("POST /count HTTP/1.1\r\nHost: t\r\nContent-Length: 500000\r\n"
          "Expect: 100-continue\r\n\r\n");
    h.hear(c, "100 Continue");
    const std::string part(50'000, 'p');
    for (int i = 0; i < 10; ++i) {
        c.say(part);
        h.quiet();
    }
    h.hear(c, "\r\n\r\n500000");

    c.say("POST /mirror HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    h.hear(c, "first");
    c.say("6\r\nsecond\r\n");
    h.hear(c, "second");
    c.say("0\r\n\r\n" + get("/none"));
    h.hear(c, "404");
    CHECK(h.serving->connections() == 1);
}

TEST_CASE("a streamed body that breaks off or breaks the rules is a fault to its reader")
{
    house h;
    std::string fault_seen;
    h.api.post("/read",
               [&](request& r) -> task<response> {
                   for (;;) {
                       const auto piece = co_await r.stream().read();
                       if (!piece) {
                           fault_seen = piece.error().why().message();
                           co_return problem(400);
                       }
                       if (piece->empty())
                           co_return text("all");
                   }
               },
               {.body = body_use::streamed});
    client bad = h.connect();
    bad.say("POST /read HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    h.hear(bad, "400 Bad Request");
    CHECK(fault_seen == make_error_code(errc::malformed).message());
    CHECK(bad.has("Connection: close"));

    client gone = h.connect();
    gone.say("POST /read HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
    h.until([&] { return h.serving->running() == 1; });
    gone.socket.reset();
    h.until([&] { return h.serving->running() == 0; });
    CHECK(fault_seen == make_error_code(errc::channel_closed).message());
}
