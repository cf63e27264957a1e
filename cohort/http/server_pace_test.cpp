// Clients that give or take a little now and then, for as long as they are let.
#include <cohort/async/wakeup.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/detail/house_test.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <cstddef>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

/// A TCP client with small buffers on both sides.
client call_small(house& h)
{
    auto [outside, inside] = house::call_tcp();
    constexpr int small = 8192;
    REQUIRE(::setsockopt(outside.socket.borrow(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small) ==
            0);
    REQUIRE(::setsockopt(inside.borrow(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
    REQUIRE(h.serving->take(std::move(inside)));
    return std::move(outside);
}

/// Takes so many bytes, which may have to come first.
void take_all_of(house& h, client& who, std::size_t bytes)
{
    std::string some(bytes, '\0');
    const auto patience = now() + 30s;
    while (bytes != 0) {
        REQUIRE(now() < patience);
        const ssize_t got = ::recv(who.socket.borrow(), some.data(), bytes, 0);
        REQUIRE((got > 0 || errno == EAGAIN));
        bytes -= got > 0 ? static_cast<std::size_t>(got) : 0;
        h.quiet();
    }
}

void add_large(router& api)
{
    api.get("/large", [](const request&) { return text(std::string(8U << 20, 'z')); });
}

}  // namespace

TEST_CASE("what has come while the loop was busy is not late")
{
    house h;
    add_hello(h.api);
    client body = h.connect();
    client head = h.connect();
    body.say("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2000\r\n\r\nsome");
    head.say("GET / HTTP/1.1\r\n");
    h.quiet();
    body.say(std::string(1996, 'x'));
    head.say("Host: t\r\n\r\n");
    h.later(20s);
    h.hear(body, "some" + std::string(1996, 'x'));
    h.hear(head, "Hello, world");
}

TEST_CASE("a body that came fast at first is not waited for when it stalls")
{
    house h;
    add_hello(h.api);
    client c = h.connect();
    c.say("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 500000\r\n\r\n");
    for (int i = 0; i < 40; ++i) {
        c.say(std::string(10'000, 'x'));
        h.quiet();
    }
    for (int second = 0; second < 29; ++second)
        h.later(1s);
    c.listen();
    CHECK(c.heard.empty());
    // On average it would have time until 400,000 bytes at 240 a second are over: 27 minutes.
    for (int second = 0; second < 3; ++second)
        h.later(1s);
    h.hear(c, "408 Request Timeout");
}

TEST_CASE("a body that comes a byte every 25 seconds is not waited for either")
{
    house h;
    add_hello(h.api);
    client c = h.connect();
    c.say("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n\r\n" +
          std::string(4000, 'x'));
    h.quiet();
    int seconds = 0;
    for (; seconds < 200 && !c.has("408"); ++seconds) {
        if (seconds % 25 == 24) {
            c.say("x");
            h.quiet();
        }
        h.later(1s);
        h.quiet();
        c.listen();
    }
    CHECK(c.has("408 Request Timeout"));
    CHECK(seconds < 35);
}

TEST_CASE("a body without a rate may take its time, but not fall silent")
{
    house h;
    h.options.patience.body_grace = 0s;
    h.options.patience.body_idle = 10s;
    add_hello(h.api);
    client c = h.connect();
    c.say("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n");
    for (int i = 0; i < 9; ++i) {
        c.say("x");
        h.quiet();
        for (int second = 0; second < 9; ++second)
            h.later(1s);
    }
    c.listen();
    CHECK(c.heard.empty());
    for (int second = 0; second < 11; ++second)
        h.later(1s);
    h.hear(c, "408 Request Timeout");
}

TEST_CASE("a client that takes a little of its answer now and then is cut")
{
    house h;
    h.options.patience.send_bytes_per_second = 5000;
    add_large(h.api);
    h.open();
    client c = call_small(h);
    c.say(get("/large"));
    h.quiet();
    int seconds = 0;
    // Loopback acknowledges 32 KiB at a time, whatever the buffers: so much every 20 seconds is
    // no silence, and 2000 bytes a second.
    for (; seconds < 600 && h.serving->connections() != 0; ++seconds) {
        if (seconds % 20 == 19) {
            take_all_of(h, c, 40'000);
        }
        h.quiet();
        h.later(1s);
    }
    CHECK(h.serving->connections() == 0);
    CHECK(seconds > 30);
    h.hear_end(c);
    CHECK(c.reset);
}

TEST_CASE("a client that takes its answer slowly, but fast enough, gets all of it")
{
    house h;
    constexpr std::size_t size = 400'000;
    h.api.get("/medium", [](const request&) { return text(std::string(size, 'z')); });
    h.open();
    client c = call_small(h);
    c.say(get("/medium"));
    h.quiet();
    for (std::size_t taken = 0; taken < size; taken += 40'000) {
        take_all_of(h, c, 40'000);
        for (int second = 0; second < 20; ++second) {
            h.quiet();
            h.later(1s);
        }
    }
}

TEST_CASE("an answer whose producer has nothing to say for an hour costs its client nothing")
{
    house h;
    body_writer* out = nullptr;
    wakeup* go_on = nullptr;
    h.api.get("/events", [&](const request&) {
        return stream("text/plain", [&](body_writer& to) -> awaitable<> {
            wakeup next{h.loop.get_executor()};
            out = &to;
            go_on = &next;
            for (int i = 0; i < 3; ++i) {
                const std::string piece(200'000, '#');
                const auto sent = co_await to.write(piece);
                if (!sent)
                    co_return;
                co_await next.wait();
            }
        });
    });
    h.open();
    client c = call_small(h);
    c.say(get("/events"));
    for (int i = 1; i <= 3; ++i) {
        h.until([&] {
            c.listen();
            return c.count("#") == 200'000 * i;
        });
        for (int minute = 0; minute < 60; ++minute)
            h.later(60s);
        CHECK(h.serving->connections() == 1);
        go_on->notify_all();
    }
    h.hear(c, "\r\n0\r\n\r\n");
}
