// Clients that are slow, half gone, hostile or in the wrong moment.
#include <cohort/async/deadline.hpp>
#include <cohort/async/scope.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/detail/gated_lane_test.hpp>
#include <cohort/http/detail/house_test.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

TEST_CASE("a refusal behind a long answer is sent behind it")
{
    house h;
    h.api.get("/lane", [](const request&) { return text(std::string(100'000, 'z')); },
              {.cpu_bound = true});
    h.api.get("/coroutine", [](const request&) -> task<response> {
        co_await sleep_for(1ms);
        co_return text(std::string(100'000, 'z'));
    });
    for (const std::string_view path : {"/lane", "/coroutine"}) {
        client c = h.connect();
        c.say(get(path) + "GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
        h.hear(c, "400 Bad Request");
        const auto body = c.heard.find("\r\n\r\n") + 4;
        REQUIRE(c.heard.size() > body + 100'000);
        CHECK(c.heard.substr(body, 100'000) == std::string(100'000, 'z'));
        CHECK(c.heard.substr(body + 100'000).starts_with("HTTP/1.1 400 "));
    }
}

TEST_CASE("a client that does not read its answer is reset, so that the kernel keeps none of it")
{
    house h;
    constexpr std::size_t size = 32U << 20;
    h.api.get("/large", [](const request&) { return text(std::string(size, 'z')); });
    client c = h.connect_tcp();
    c.say(get("/large"));
    h.quiet();
    // It has taken what its buffers hold, and takes no more.
    for (int i = 0; i < 4 && h.serving->connections() != 0; ++i)
        h.later(31s);
    CHECK(h.serving->connections() == 0);
    h.hear_end(c);
    CHECK(c.reset);
    CHECK(c.heard.size() < size);
}

TEST_CASE("a head is not late while its client is busy with our answer")
{
    house h;
    constexpr std::size_t size = 3'000'000;
    h.api.get("/large", [](const request&) { return text(std::string(size, 'z')); });
    client c = h.connect(4096);
    c.say(get("/large") + "GET / HT");
    h.quiet();
    for (int i = 0; i < 3; ++i) {
        h.later(20s);
        c.listen();
        h.quiet();
    }
    h.until([&] {
        c.listen();
        return c.heard.size() > size;
    });
    h.quiet();
    c.listen();
    const auto body = c.heard.find("\r\n\r\n") + 4;
    CHECK(c.heard.substr(body) == std::string(size, 'z'));
    h.later(31s);
    h.hear(c, "HTTP/1.1 408 ");
}

TEST_CASE("a refusal of HEAD has no body, that of the next request has one")
{
    house h;
    add_hello(h.api);
    client large = h.connect();
    large.say("HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
    h.hear_end(large);
    CHECK(large.has("HTTP/1.1 413 "));
    CHECK(large.heard.ends_with("\r\n\r\n"));

    client hostless = h.connect();
    hostless.say("HEAD / HTTP/1.1\r\n\r\n");
    h.hear_end(hostless);
    CHECK(hostless.has("HTTP/1.1 400 "));
    CHECK(hostless.heard.ends_with("\r\n\r\n"));

    client late = h.connect();
    late.say("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n\x01");
    h.hear_end(late);
    CHECK(late.has("HTTP/1.1 400 "));
    CHECK(late.heard.ends_with("}"));
}

TEST_CASE("an answer to HTTP/1.0 that breaks off ends with a reset, a whole one does not")
{
    house h;
    h.api.on_handler_error([](const request&, std::string_view) noexcept {});
    const auto streams = [&](std::string_view path, bool breaks) {
        h.api.get(path, [breaks](const request&) {
            return stream("text/plain", [breaks](body_writer& out) -> awaitable<> {
                const auto sent = co_await out.write("half of it");
                static_cast<void>(sent);
                co_await sleep_for(5ms);
                if (breaks)
                    throw std::runtime_error{"the other half is lost"};
            });
        });
    };
    streams("/broken", true);
    streams("/whole", false);
    client broken = h.connect_tcp();
    broken.say("GET /broken HTTP/1.0\r\n\r\n");
    h.hear_end(broken);
    CHECK(broken.reset);
    client whole = h.connect_tcp();
    whole.say("GET /whole HTTP/1.0\r\n\r\n");
    h.hear_end(whole);
    CHECK(whole.heard.ends_with("\r\n\r\nhalf of it"));
    CHECK(!whole.reset);
}

TEST_CASE("a drain does not wait for a client that becomes idle after it began")
{
    house h;
    constexpr std::size_t size = 3'000'000;
    h.api.get("/large", [](const request&) { return text(std::string(size, 'z')); });
    client c = h.connect(4096);
    c.say(get("/large"));
    h.quiet();
    scope work{h.loop.get_executor()};
    std::optional<std::size_t> cut;
    const auto drain = [&]() -> awaitable<> { cut = co_await h.serving->drain(60s); };
    work.spawn(drain());
    h.loop.run_for(100ms);
    CHECK(!cut);
    h.hear_end(c);
    CHECK(c.heard.size() > size);
    c.socket.reset();
    h.until([&] { return cut.has_value(); });
    CHECK(*cut == 0);
}

TEST_CASE("a request that comes as its connection's time is over is answered, and the next too")
{
    house h;
    add_hello(h.api);
    client c = h.connect();
    c.say(get("/"));
    h.hear(c, "Hello, world");
    c.say(get("/"));
    h.later(76s);  // before the loop has seen it
    c.say(get("/"));
    h.until([&] {
        c.listen();
        return c.count("Hello, world") == 3;
    });
    CHECK(!c.closed);
}

TEST_CASE("a client that takes its answer slowly is not cut, one that stops is")
{
    house h;
    h.api.get("/large", [](const request&) { return text(std::string(3'000'000, 'z')); });
    client c = h.connect(400'000);
    c.say(get("/large"));
    h.quiet();
    std::string few(65'536, '\0');
    h.later(6s);
    for (int i = 0; i < 3; ++i) {
        // Too little for the socket to be called writable.
        REQUIRE(::recv(c.socket.borrow(), few.data(), few.size(), 0) > 0);
        h.quiet();
        h.later(20s);
        CHECK(h.serving->connections() == 1);
    }
    for (int i = 0; i < 6; ++i)
        h.later(6s);
    CHECK(h.serving->connections() == 0);
}

TEST_CASE("a lane does not compute for clients that left while they waited for it")
{
    house h;
    gated_lane lane{h, "computed"};
    lane.add_route();
    client first = lane.occupy(8);
    {
        const auto others = lane.two_more();
        h.until([&] { return h.serving->running() == 3; });
    }
    h.until([&] { return h.serving->connections() == 1; });
    lane.go.release(8);
    h.hear(first, "computed");
    h.until([&] { return h.serving->running() == 0; });
    CHECK(lane.computed == 1);
}

TEST_CASE("a client that half closes gets its streamed answer whole, whenever that is noticed")
{
    house h;
    bool noticed = false;
    h.api.get("/stream", [&](const request&) {
        return stream("text/plain", [&](body_writer& out) -> awaitable<> {
            const auto first = co_await out.write("first ");
            while (!noticed)
                co_await sleep_for(1ms);
            const auto last = co_await out.write("last");
            static_cast<void>(first);
            static_cast<void>(last);
        });
    });
    for (const bool early : {true, false}) {
        noticed = false;
        client c = h.connect_tcp();
        c.say(get("/stream"));
        if (!early)
            h.hear(c, "first ");
        REQUIRE(::shutdown(c.socket.borrow(), SHUT_WR) == 0);
        h.quiet();
        noticed = true;
        h.hear_end(c);
        CHECK(c.has("last"));
        CHECK(c.heard.ends_with("\r\n0\r\n\r\n"));
    }
}

TEST_CASE("half_close::abandoned cuts the stream of a client that half closes")
{
    house h;
    h.options.closed_half = half_close::abandoned;
    h.api.get("/stream", [](const request&) {
        return stream("text/plain", [](body_writer& out) -> awaitable<> {
            const auto first = co_await out.write("first ");
            static_cast<void>(first);
            co_await sleep_for(1h);
        });
    });
    client c = h.connect_tcp();
    c.say(get("/stream"));
    h.hear(c, "first ");
    REQUIRE(::shutdown(c.socket.borrow(), SHUT_WR) == 0);
    h.hear_end(c);
    CHECK(!c.has("\r\n0\r\n\r\n"));
    CHECK(h.serving->running() == 0);
}

TEST_CASE("a closed connection is heard of no more, whoever holds a copy of its socket")
{
    house h;
    add_hello(h.api);
    h.open();
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    unique_fd ours{ends[0]};
    client c{ends[1]};
    const auto copy = duplicate(ours.borrow());
    REQUIRE(copy);
    REQUIRE(h.serving->take(std::move(ours)));
    c.say("GET / HTTP/1.0\r\n\r\n");
    h.hear(c, "Hello, world");
    h.until([&] { return h.serving->connections() == 0; });
    const std::uint64_t events = h.poller.events();
    c.say("more, which the copy's socket gets");
    h.quiet();
    c.socket.reset();
    h.quiet();
    CHECK(h.poller.events() == events);
}
