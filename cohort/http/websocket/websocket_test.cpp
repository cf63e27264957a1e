#include <cohort/http/websocket/websocket.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/http/websocket/counters.hpp>
#include <cohort/http/websocket/detail/frames_test.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

TEST_CASE("a message comes back as it was sent, and a close frame is answered")
{
    socket_house h;
    h.them.say(frame_of(opcode::text, "Hello") +
               frame_of(opcode::binary, std::string(300, '\xff')));
    const auto all = h.hear(2);
    CHECK(all[0].first == 0x81);
    CHECK(all[0].payload == "Hello");
    CHECK(all[1].first == 0x82);
    CHECK(all[1].payload == std::string(300, '\xff'));

    h.them.say(close_frame(3456, "enough"));
    const auto end = h.hear_end();
    REQUIRE(end.size() == 3);
    CHECK(end[2].what() == opcode::close);
    CHECK(end[2].close_code() == 3456);
    CHECK(h.core->end().by() == websocket_end::side::them);
    CHECK(h.core->end().reason() == "enough");
    h.them.socket.reset();
    h.until_gone();
}

TEST_CASE("a handler that returns closes with 1000, one that throws with 1011")
{
    for (const bool throws : {false, true}) {
        std::string told;
        const error_observer observer = [&](const request& of, std::string_view words) noexcept {
            told = std::string{of.path()} + ": " + std::string{words};
        };
        socket_house h{[throws](websocket& socket) -> awaitable<> {
            const auto sent = co_await socket.send("bye");
            CHECK(sent);
            if (throws)
                throw std::runtime_error{"lost"};
        }};
        h.what.observer = &observer;
        const auto all = h.hear(2);
        CHECK(all[0].payload == "bye");
        CHECK(all[1].close_code() == (throws ? 1011 : 1000));
        CHECK(told == (throws ? "/socket: lost" : ""));
        h.them.say(close_frame(1000));
        h.hear_end();
        h.them.socket.reset();
        h.until_gone();
    }
}

TEST_CASE("read() says that the client has left without a word")
{
    websocket_end seen;
    socket_house h{[&](websocket& socket) -> awaitable<> {
        while (auto message = co_await socket.read()) {
        }
        seen = socket.end();
    }};
    h.them.say(frame_of(opcode::text, "x").substr(0, 3));
    h.them.socket.reset();
    h.until_gone();
    CHECK(seen.by() == websocket_end::side::nobody);
    CHECK(seen.code() == close_code::no_handshake);
}

TEST_CASE("a server that drains closes with 1012 after what is queued, and read() says so")
{
    websocket_end seen;
    socket_house h{[&](websocket& socket) -> awaitable<> {
        while (auto message = co_await socket.read()) {
            for (int i = 0; i < 3; ++i) {
                const auto sent = co_await socket.send(*message);
                CHECK(sent);
            }
        }
        seen = socket.end();
    }};
    h.them.say(frame_of(opcode::text, "thrice"));
    h.hear(1);
    h.core->drain();
    const auto all = h.hear(4);
    CHECK(all[2].payload == "thrice");
    CHECK(all[3].close_code() == 1012);
    CHECK(seen.code() == close_code::service_restart);
    CHECK(seen.by() == websocket_end::side::us);
    h.them.say(close_frame(1012));
    h.hear_end();
}

TEST_CASE("send() waits for a client that reads slowly, and try_send() drops it with a count")
{
    auto& counts = websocket_counters::here();
    const auto waited = counts.sends_waited.load();
    const auto dropped = counts.dropped_slow.load();
    std::size_t queued = 0;
    bool took_all = true;
    socket_house h{[&](websocket& socket) -> awaitable<> {
                       const auto piece = websocket_message::binary(std::string(10'000, 'p'));
                       for (int i = 0; i < 100; ++i) {
                           const auto sent = co_await socket.send(piece);
                           CHECK(sent);
                           ++queued;
                       }
                       for (int i = 0; i < 100; ++i)
                           took_all = took_all && socket.try_send(piece);
                       CHECK(!socket.is_open());
                       CHECK(socket.end().code() == close_code::try_again_later);
                   },
                   {.queue_messages_max = 4},
                   {},
                   4096};
    // Not hear(): that would take the bytes off its hands.
    for (int i = 0; i < 20; ++i)
        h.loop.run_one_for(1ms);
    CHECK(queued < 100);
    CHECK(counts.sends_waited > waited);
    std::vector<frame> all;
    h.until([&] {
        all = frames_in(h.them.heard);
        return !all.empty() && all.back().what() == opcode::close;
    });
    CHECK(all.back().close_code() == 1013);
    CHECK(all.size() > 95);
    CHECK(!took_all);
    CHECK(counts.dropped_slow == dropped + 1);
    CHECK(all.size() < 200);
    h.them.say(close_frame(1013));
    h.hear_end();
}

TEST_CASE("a client that answers no ping is cut, one that does is kept")
{
    socket_house h{echo, {.ping_after = 10ms, .pong_within = 200ms}};
    const auto first = h.hear(1);
    CHECK(first[0].what() == opcode::ping);
    h.them.say(frame_of(opcode::pong));
    h.them.heard.clear();
    CHECK(h.hear(1)[0].what() == opcode::ping);
    CHECK(h.core->is_open());
    h.hear_end();
    CHECK(h.core->end().by() == websocket_end::side::nobody);
}

TEST_CASE("a client that does not answer our close frame is cut when its time is up")
{
    socket_house h{[](websocket&) -> awaitable<> { co_return; }, {.close_within = 20ms}};
    CHECK(h.hear(1)[0].close_code() == 1000);
    h.hear_end();
    h.until_gone();
}

TEST_CASE("cancellation reaches the handler, and cuts the socket")
{
    bool ended = false;
    socket_house h{[&](websocket& socket) -> awaitable<> {
        const auto message = co_await socket.read();
        CHECK(!message);
        co_await sleep_for(1h);
        ended = true;
    }};
    h.them.say(close_frame(1000));
    h.hear(1);
    h.jobs.stop();
    h.until_gone();
    CHECK(ended);
}

TEST_CASE("read() with a deadline loses no message")
{
    int timeouts = 0;
    socket_house h{[&](websocket& socket) -> awaitable<> {
        using namespace asio::experimental::awaitable_operators;
        for (;;) {
            auto race = socket.read() || sleep_for(5ms);
            const auto first = co_await std::move(race);
            if (first.index() == 1) {
                ++timeouts;
                continue;
            }
            const auto& message = std::get<0>(first);
            if (!message)
                co_return;
            const auto sent = co_await socket.send(*message);
            CHECK(sent);
        }
    }};
    h.until([&] { return timeouts > 3; });
    for (int i = 0; i < 100; ++i)
        h.them.say(frame_of(opcode::text, std::to_string(i)));
    const auto all = h.hear(100);
    for (std::size_t i = 0; i < 100; ++i)
        CHECK(all[i].payload == std::to_string(i));
}
