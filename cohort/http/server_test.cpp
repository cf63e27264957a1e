#include <cohort/http/server.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/lanes.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/detail/gated_lane_test.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/router.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <functional>
#include <semaphore>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

TEST_CASE("a connection is kept alive, and pipelined requests are answered in order")
{
    house h;
    add_hello(h.api);
    h.api.get("/{n}", [](const request& r) { return text(r.path<std::string>("n")); });
    client c = h.connect();
    c.say(get("/"));
    h.hear(c, "Hello, world");
    c.say(get("/one") + get("/two") + get("/three"));
    h.hear(c, "three");
    CHECK(c.count("HTTP/1.1 200 OK") == 4);
    CHECK(c.heard.find("one") < c.heard.find("two"));
    CHECK(h.serving->requests() == 4);
    CHECK(h.serving->running() == 0);
    CHECK(h.serving->connections() == 1);
}

TEST_CASE("a request that comes one byte a packet is answered the same")
{
    house h;
    add_hello(h.api);
    client c = h.connect();
    const std::string whole = "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for (const char byte : whole) {
        c.say({&byte, 1});
        h.loop.run_one_for(1s);
        h.loop.poll();
    }
    h.hear(c, "abcde");
    CHECK(c.has("Content-Length: 5\r\n"));
}

TEST_CASE("HEAD has the fields of GET and no body, and unknown paths are problems")
{
    house h;
    add_hello(h.api);
    client c = h.connect();
    c.say("HEAD / HTTP/1.1\r\nHost: t\r\n\r\n" + get("/nowhere"));
    h.hear(c, "problem+json");
    CHECK(c.has("Content-Length: 12\r\n"));
    CHECK(!c.has("Hello, world"));
    CHECK(c.has("HTTP/1.1 404 Not Found"));
}

TEST_CASE("a bad request is refused with a problem, counted by its rule, and closed")
{
    house h;
    std::string seen;
    h.options.on_refused = [&](const refusal_entry& e) noexcept { seen = e.first_bytes; };
    add_hello(h.api);
    client c = h.connect();
    c.say("GET / HTTP/1.1\r\n\r\n");
    h.hear(c, "problem+json");
    CHECK(c.has("HTTP/1.1 400 Bad Request"));
    CHECK(c.has("Connection: close"));
    CHECK(seen == "GET / HTTP/1.1\r\n\r\n");
    REQUIRE(h.serving->refusals().size() == 1);
    CHECK(h.serving->refusals()[0].times == 1);
    h.hear_end(c);
    CHECK(h.serving->connections() == 1);  // lingers: bytes may still be on their way
    c.socket.reset();
    h.until([&] { return h.serving->connections() == 0; });
}

TEST_CASE("100 Continue comes when the body is wanted, and not before a refusal")
{
    house h;
    h.options.limits.body_bytes_max = 100;
    add_hello(h.api);
    client c = h.connect();
    c.say("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    h.hear(c, "HTTP/1.1 100 Continue\r\n\r\n");
    c.say("body");
    h.hear(c, "\r\n\r\nbody");

    c.say("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\nExpect: 100-continue\r\n\r\n");
    h.hear(c, "413");
    CHECK(c.count("100 Continue") == 1);
}

TEST_CASE("a large answer goes out in parts, as fast as the client takes it")
{
    house h;
    const std::string large(3'000'000, 'z');
    h.api.get("/large", [&](const request&) { return text(large); });
    client c = h.connect(4096);
    c.say(get("/large") + get("/large"));
    h.quiet();
    h.until([&] {
        c.listen();
        return c.heard.size() > 6'000'000;
    });
    CHECK(c.count("HTTP/1.1 200 OK") == 2);
}

TEST_CASE("a client that does not read its answer is cut after its time")
{
    house h;
    const std::string large(3'000'000, 'z');
    h.api.get("/large", [&](const request&) { return text(large); });
    client c = h.connect(4096);
    c.say(get("/large"));
    h.quiet();
    h.later(29s);
    CHECK(h.serving->connections() == 1);
    h.later(2s);
    CHECK(h.serving->connections() == 0);
}

TEST_CASE("a slow head is answered with 408, an idle connection is closed")
{
    house h;
    add_hello(h.api);
    client slow = h.connect();
    client idle = h.connect();
    slow.say("GET / HT");
    h.quiet();
    h.later(31s);
    h.hear(slow, "408 Request Timeout");
    h.later(50s);
    h.hear_end(idle);
    CHECK(idle.heard.empty());
    h.later(5s);
    CHECK(h.serving->connections() == 0);
    CHECK(h.serving->refusals()[0].rule == "http.timeout.head");
}

TEST_CASE("a body that trickles is answered with 408")
{
    house h;
    add_hello(h.api);
    client c = h.connect();
    c.say("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n\r\nabc");
    h.quiet();
    for (int second = 0; second < 8; ++second)
        h.later(1s);
    h.hear(c, "408 Request Timeout");
}

TEST_CASE("while a lane computes, the same connection waits and others are answered")
{
    house h;
    add_hello(h.api);
    std::binary_semaphore go{0};
    h.api.get("/compute",
              [&](const request& r) {
                  go.acquire();
                  return text("computed on " + std::string{r.path()});
              },
              {.cpu_bound = true});
    client busy = h.connect();
    client other = h.connect();
    busy.say(get("/compute") + get("/"));
    h.until([&] { return h.serving->running() == 1; });
    other.say(get("/"));
    h.hear(other, "Hello, world");
    busy.say(get("/"));
    h.quiet();
    busy.listen();
    CHECK(busy.heard.empty());
    go.release();
    h.until([&] {
        busy.listen();
        return busy.count("Hello, world") == 2;
    });
    CHECK(busy.heard.find("computed on /compute") < busy.heard.find("Hello"));
}

TEST_CASE("full lanes are answered with 503 and Retry-After")
{
    house h;
    gated_lane lane{h};
    lane.add_route();
    client first = lane.occupy(1);
    auto others = lane.two_more();
    CHECK(refused_one(h, others).has("Retry-After"));
    lane.go.release(3);
    h.hear(first, "done");
}

TEST_CASE("a client that leaves while its lane computes takes nothing with it")
{
    house h;
    std::binary_semaphore go{0};
    h.api.get("/compute",
              [&](const request&) {
                  go.acquire();
                  return text("for nobody");
              },
              {.cpu_bound = true});
    std::atomic<std::uint32_t> open{0};
    h.options.counters.connections_open = &open;
    {
        client c = h.connect();
        c.say(get("/compute"));
        h.until([&] { return h.serving->running() == 1; });
        CHECK(open == 1);
        h.stop();
    }
    CHECK(open == 0);
    go.release();
    h.until([&] { return h.serving->running() == 0; });
}

TEST_CASE("a client that half closes is answered")
{
    house h;
    std::binary_semaphore go{0};
    h.api.get("/compute",
              [&](const request&) {
                  go.acquire();
                  return text("for the patient");
              },
              {.cpu_bound = true});
    client c = h.connect();
    c.say(get("/compute"));
    REQUIRE(::shutdown(c.socket.borrow(), SHUT_WR) == 0);
    h.until([&] { return h.serving->running() == 1; });
    h.quiet();
    go.release();
    h.hear(c, "for the patient");
    h.hear_end(c);
    CHECK(h.serving->connections() == 0);
}

TEST_CASE("connections_max refuses the next connection and leaves it with the caller")
{
    house h;
    h.options.connections_max = 1;
    add_hello(h.api);
    client c = h.connect();
    CHECK(h.serving->full());
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    unique_fd one{ends[0]};
    const unique_fd two{ends[1]};
    CHECK(h.serving->take(std::move(one)).error().why() == errc::queue_full);
    CHECK(one.valid());
}

TEST_CASE("drain answers what runs, says close, and closes idle connections last")
{
    house h;
    add_hello(h.api);
    std::binary_semaphore go{0};
    h.api.get("/compute",
              [&](const request&) {
                  go.acquire();
                  return text("in flight");
              },
              {.cpu_bound = true});
    client busy = h.connect();
    client idle = h.connect();
    client late = h.connect();
    busy.say(get("/compute"));
    h.until([&] { return h.serving->running() == 1; });

    scope work{h.loop.get_executor()};
    std::optional<std::size_t> cut;
    const auto drain = [&]() -> awaitable<> { cut = co_await h.serving->drain(5s); };
    work.spawn(drain());
    h.loop.run_for(100ms);
    late.say(get("/"));  // after the drain began, while a request is in flight
    h.hear(late, "Hello, world");
    CHECK(late.has("Connection: close"));
    idle.listen();
    CHECK(!idle.closed);
    go.release();
    h.hear(busy, "in flight");
    CHECK(busy.has("Connection: close"));
    h.hear_end(idle);
    busy.socket.reset();
    idle.socket.reset();
    late.socket.reset();
    h.until([&] { return cut.has_value(); });
    CHECK(*cut == 0);
}

TEST_CASE("drain cuts what is left when its budget is used up")
{
    house h;
    h.api.get("/never", [](const request&) -> task<response> {
        co_await sleep_for(1h);
        co_return text("never");
    });
    client c = h.connect();
    c.say(get("/never"));
    h.until([&] { return h.serving->running() == 1; });
    scope work{h.loop.get_executor()};
    std::optional<std::size_t> cut;
    const auto drain = [&]() -> awaitable<> { cut = co_await h.serving->drain(50ms); };
    work.spawn(drain());
    h.until([&] { return cut.has_value(); });
    CHECK(*cut == 1);
}

TEST_CASE("the counters and the access log tell what happened")
{
    house h;
    std::atomic<std::uint32_t> open{0};
    std::atomic<std::uint32_t> running{0};
    std::atomic<std::uint64_t> connections{0};
    std::atomic<std::uint64_t> requests{0};
    h.options.counters = {&open, &connections, &requests, &running};
    std::string log;
    h.options.on_answered = [&](const access_entry& e) noexcept {
        log += std::string{e.method_text} + ' ' + std::string{e.target} + ' ' +
               std::string{e.route} + ' ' + std::to_string(e.status) + ' ' +
               std::to_string(e.body_bytes) + '\n';
    };
    h.api.get("/users/{id}", [&](const request&) {
        CHECK(running == 1);
        return text("who");
    });
    client c = h.connect();
    c.say(get("/users/7?x=1"));
    h.hear(c, "who");
    CHECK(log == "GET /users/7?x=1 /users/{id} 200 3\n");
    CHECK(open == 1);
    CHECK(connections == 1);
    CHECK(requests == 1);
    CHECK(running == 0);
    c.socket.reset();
    h.until([&] { return open == 0; });
}
