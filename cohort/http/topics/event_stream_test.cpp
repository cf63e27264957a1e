#include <cohort/http/topics/event_stream.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/event.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/http/detail/house_test.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

/// What became of a producer.
struct outcome {
    int begun = 0;
    int ended = 0;
};

/// Waits until its client is gone.
event_producer silent(outcome& into)
{
    return [&into](event_writer& out) -> awaitable<> {
        const auto stop = co_await asio::this_coro::cancellation_state;
        server_event what;
        what.data = "first";
        const auto sent = co_await out.send(what);
        CHECK(sent);
        ++into.begun;
        while (!stopped(stop))
            co_await sleep_for(1h);
        ++into.ended;
    };
}

}  // namespace

TEST_CASE("a program can write events that are no topic's")
{
    house h;
    h.api.get("/clock", [](const request&) {
        return event_stream([](event_writer& out) -> awaitable<> {
            for (int i = 0; i < 3; ++i) {
                const std::string data = "tick " + std::to_string(i);
                server_event what;
                what.data = data;
                what.event = "tick";
                const auto sent = co_await out.send(what);
                CHECK(sent);
            }
            const auto said = co_await out.comment("over");
            CHECK(said);
        });
    });
    client c = h.connect();
    c.say(get("/clock"));
    h.hear(c, "\r\n0\r\n\r\n");
    CHECK(c.has("text/event-stream"));
    CHECK(c.has("event: tick\ndata: tick 2\n\n"));
    CHECK(c.has(": over\n\n"));
}

TEST_CASE("a stream whose program is silent has a heartbeat, and ends with its client")
{
    house h;
    outcome seen;
    h.api.get("/silent",
              [&](const request&) { return event_stream(silent(seen), {.heartbeat = 1s}); });
    {
        client c = h.connect();
        c.say(get("/silent"));
        h.hear(c, "data: first\n\n");
        CHECK_FALSE(c.has("\n: \n\n"));
        h.until([&] {
            c.listen();
            return c.count(": \n\n") == 2;
        });
        CHECK(c.count("data: ") == 1);
        CHECK(seen.ended == 0);
    }
    h.until([&] { return seen.ended == 1; });
    CHECK(seen.begun == 1);
}

TEST_CASE("a client that left without a word is noticed by the heartbeat")
{
    house h;
    outcome seen;
    h.api.get("/silent",
              [&](const request&) { return event_stream(silent(seen), {.heartbeat = 1s}); });
    client c = h.connect_tcp();
    c.say(get("/silent"));
    h.hear(c, "data: first\n\n");
    // Whatever arrives now is answered by a reset; nothing that could be read says so before.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    REQUIRE(::setsockopt(c.socket.borrow(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    c.socket.reset();
    h.until([&] { return seen.ended == 1; });
}

TEST_CASE("a stream without a heartbeat is silent when its program is, and ends with its client")
{
    house h;
    outcome seen;
    h.api.get("/silent", [&](const request&) {
        return event_stream(silent(seen), {.heartbeat = no_heartbeat});
    });
    {
        client c = h.connect();
        c.say(get("/silent"));
        h.hear(c, "data: first\n\n");
    }
    h.until([&] { return seen.ended == 1; });
}

TEST_CASE("what a program throws ends its stream so that the client knows, and is said once")
{
    house h;
    int said = 0;
    h.api.on_handler_error([&](const request&, std::string_view what) noexcept {
        said += what == "out of ideas" ? 1 : 100;
    });
    h.api.get("/throws", [](const request&) {
        return event_stream([](event_writer& out) -> awaitable<> {
            const auto sent = co_await out.comment("before");
            CHECK(sent);
            throw std::runtime_error{"out of ideas"};
        });
    });
    client c = h.connect();
    c.say(get("/throws"));
    h.hear_end(c);
    CHECK(c.has(": before\n\n"));
    CHECK_FALSE(c.has("\r\n0\r\n\r\n"));
    CHECK(said == 1);
}

TEST_CASE("large events and heartbeats do not mix, though the client reads slowly")
{
    house h;
    const std::string large(200'000, 'x');
    h.api.get("/large", [&](const request&) {
        return event_stream(
            [&](event_writer& out) -> awaitable<> {
                server_event what;
                what.data = large;
                for (int i = 0; i < 3; ++i) {
                    const auto sent = co_await out.send(what);
                    CHECK(sent);
                    co_await sleep_for(1100ms);
                }
            },
            {.heartbeat = 1s});
    });
    client c = h.connect(4096);
    c.say("GET /large HTTP/1.0\r\n\r\n");  // without chunks
    h.hear_end(c);
    const std::string& events = c.heard;
    const std::string one = "data: " + large + "\n\n";
    const auto first = events.find(one);
    const auto second = events.find(one, first + one.size());
    CHECK(second != std::string::npos);
    CHECK(events.find(one, second + one.size()) != std::string::npos);
    CHECK(events.find(": \n\n") != std::string::npos);
}
