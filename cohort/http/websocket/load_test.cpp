// Many messages, slow and vanishing clients, and rooms.
#include <cohort/http/websocket/counters.hpp>
#include <cohort/http/websocket/detail/frames_test.hpp>
#include <cohort/http/websocket/websocket.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

TEST_CASE("thousands of messages come back in order, however they are cut")
{
    socket_house h;
    std::string all;
    for (int i = 0; i < 5'000; ++i)
        all += frame_of(opcode::text, std::to_string(i));
    // Pieces that never fit the frames, and a client that reads only now and then.
    for (std::size_t at = 0; at < all.size(); at += 997) {
        h.them.say(std::string_view{all}.substr(at, 997));
        h.loop.poll();
    }
    std::size_t seen = 0;
    h.until([&] {
        seen = h.them.heard.size();
        return seen >= 5'000 * 2 + 18'890;
    });
    const auto frames = frames_in(h.them.heard);
    REQUIRE(frames.size() == 5'000);
    for (std::size_t i = 0; i < frames.size(); ++i)
        REQUIRE(frames[i].payload == std::to_string(i));
}

TEST_CASE("a slow handler slows its client down: one message is read ahead, no more")
{
    wakeup* go_on = nullptr;
    std::size_t taken = 0;
    socket_house h{[&](websocket& socket) -> awaitable<> {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        wakeup told{executor};
        go_on = &told;
        while (auto message = co_await socket.read()) {
            ++taken;
            co_await told.wait();
        }
    }};
    const std::string message = frame_of(opcode::binary, std::string(50'000, 'm'));
    std::size_t sent = 0;
    for (int turn = 0; turn < 200; ++turn) {
        const ssize_t put = ::send(h.them.socket.borrow(), message.data() + sent % message.size(),
                                   message.size() - sent % message.size(), MSG_NOSIGNAL);
        if (put > 0)
            sent += static_cast<std::size_t>(put);
        h.loop.poll();
    }
    CHECK(taken == 1);
    CHECK(sent < 40 * message.size());
    go_on->notify_all();
    h.until([&] { return taken == 2; });
}

TEST_CASE("a client that is reset while we send ends the talk, not the server")
{
    for (const bool reset : {true, false}) {
        int ended = 0;
        house h;
        h.api.get("/flood", on_websocket([&](websocket& socket) -> awaitable<> {
                      const auto piece = websocket_message::binary(std::string(60'000, 'f'));
                      for (;;) {
                          const auto sent = co_await socket.send(piece);
                          if (!sent)
                              break;
                      }
                      CHECK(socket.end().by() == websocket_end::side::nobody);
                      ++ended;
                  }));
        client c = h.connect_tcp();
        c.say("GET /flood HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        h.until([&] {
            c.listen();
            return c.heard.size() > 200'000;
        });
        if (reset) {
            const linger abrupt{.l_onoff = 1, .l_linger = 0};
            ::setsockopt(c.socket.borrow(), SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
        }
        c.socket.reset();
        h.until([&] { return ended == 1 && h.serving->connections() == 0; });
    }
}

TEST_CASE("one message goes to a room full of sockets, and several coroutines may send")
{
    house h;
    std::set<websocket*> room;
    h.api.get("/room", on_websocket([&](websocket& socket) -> awaitable<> {
                  room.insert(&socket);
                  while (auto message = co_await socket.read()) {
                      for (websocket* const each : room)
                          each->try_send(*message);
                  }
                  room.erase(&socket);
              }));
    std::vector<client> all;
    for (int i = 0; i < 50; ++i) {
        all.push_back(h.connect());
        all.back().say(
            "GET /room HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        h.hear(all.back(), "\r\n\r\n");
    }
    h.until([&] { return room.size() == 50; });
    CHECK(websocket_counters::here().open == 50);
    for (client& each : all)
        each.say(frame_of(opcode::text, "(hi)"));
    for (client& each : all)
        h.until([&] {
            each.listen();
            return each.count("(hi)") == 50;
        });
    all.clear();
    h.until([&] { return room.empty() && h.serving->connections() == 0; });
    CHECK(websocket_counters::here().open == 0);
}
