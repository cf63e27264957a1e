#include <cohort/http/websocket/relay.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/http/topics/topics.hpp>
#include <cohort/http/websocket/detail/frames_test.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

TEST_CASE("what is published in a topic reaches the socket while its handler reads")
{
    bool ready = false;
    socket_house h{[&](websocket& socket) -> awaitable<> {
        socket.spawn(relay(topics::here().subscribe("relay/1"), socket));
        co_await sleep_for(1ms);
        ready = true;
        while (auto message = co_await socket.read())
            static_cast<void>(topics::here().publish("relay/1", message->bytes()));
    }};
    h.until([&] { return ready; });
    h.them.say(frame_of(opcode::text, "to all"));
    CHECK(h.hear(1)[0].payload == "to all");
    static_cast<void>(topics::here().publish("relay/1", "\xff"));
    CHECK(h.hear(2)[1].first == 0x82);
    h.them.say(close_frame(1000));
    h.hear_end();
    h.them.socket.reset();
    h.until_gone();
}

TEST_CASE("what runs beside the handler is cancelled with it, and closes with 1011 if it throws")
{
    std::string told;
    const error_observer observer = [&](const request&, std::string_view words) noexcept {
        told = words;
    };
    bool cancelled = false;
    socket_house h{[&](websocket& socket) -> awaitable<> {
        const auto forever = [](bool& done) -> awaitable<> {
            co_await sleep_for(1h);
            done = true;
        };
        const auto fails = []() -> awaitable<> {
            co_await sleep_for(1ms);
            throw std::runtime_error{"beside"};
        };
        socket.spawn(forever(cancelled));
        socket.spawn(fails());
        const auto message = co_await socket.read();
        CHECK(!message);
        CHECK(socket.end().code() == close_code::internal_error);
    }};
    h.what.observer = &observer;
    CHECK(h.hear(1)[0].close_code() == 1011);
    h.until([&] { return cancelled && !told.empty(); });
    CHECK(told == "beside");
    h.them.say(close_frame(1011));
    h.hear_end();
}
