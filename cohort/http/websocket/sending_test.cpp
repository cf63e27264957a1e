// Frames of ours and frames of Beast share one connection.
#include <cohort/http/websocket/counters.hpp>
#include <cohort/http/websocket/detail/frames_test.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

constexpr int small_buffer = 4'608;

std::size_t count(const std::vector<frame>& all, opcode what)
{
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [what](const frame& each) { return each.what() == what; }));
}

}  // namespace

TEST_CASE("a message is with the kernel when send() returns, if there is room")
{
    std::size_t queued = 1;
    socket_house h{[&](websocket& socket) -> awaitable<> {
        const auto before = websocket_counters::here().messages_out.load();
        static_cast<void>(co_await socket.send("now"));
        queued = socket.queued_messages() + socket.queued_bytes();
        CHECK(websocket_counters::here().messages_out == before + 1);
        static_cast<void>(co_await socket.read());
    }};
    CHECK(h.hear(1)[0].payload == "now");
    CHECK(queued == 0);
}

TEST_CASE("heads of all lengths are as RFC 6455 has them")
{
    for (const std::size_t bytes :
         {0U, 1U, 125U, 126U, 127U, 8'188U, 8'189U, 65'535U, 65'536U, 300'000U})
    {
        socket_house h{[&](websocket& socket) -> awaitable<> {
            auto what = websocket_message::binary(std::string(bytes, 'b'));
            static_cast<void>(co_await socket.send(std::move(what)));
            static_cast<void>(co_await socket.read());
        }};
        const auto frames = h.hear(1);
        CHECK(frames[0].first == 0x82);
        CHECK(frames[0].payload == std::string(bytes, 'b'));
    }
}

TEST_CASE("pongs go between messages that wait for the client, never inside of them")
{
    socket_house h{[](websocket& socket) -> awaitable<> {
                       for (int i = 0; i < 40; ++i)
                           socket.try_send(websocket_message::binary(
                               std::string(20'000, static_cast<char>('a' + i % 26))));
                       while (co_await socket.read()) {
                       }
                   },
                   {},
                   {},
                   small_buffer};
    for (int i = 0; i < 20; ++i) {
        h.them.say(frame_of(opcode::ping, "p" + std::to_string(i)));
        h.loop.poll();
        h.loop.poll();
        h.them.listen();
    }
    h.until([&] {
        const auto all = frames_in(h.them.heard);
        return count(all, opcode::binary) == 40 && count(all, opcode::pong) != 0;
    });
    int seen = 0;
    for (const frame& each : frames_in(h.them.heard)) {
        if (each.what() == opcode::binary)
            CHECK(each.payload == std::string(20'000, static_cast<char>('a' + seen++ % 26)));
        else
            CHECK(each.what() == opcode::pong);
    }
}

TEST_CASE("messages that are packed and messages that are not keep their order")
{
    const deflate_terms terms{.our_window_bits = 12,
                              .their_window_bits = 12,
                              .we_begin_anew = true,
                              .they_begin_anew = true};
    socket_house h{[](websocket& socket) -> awaitable<> {
                       for (int i = 0; i < 60; ++i)
                           socket.try_send(websocket_message::binary(
                               std::string(i % 3 == 0 ? 50'000 : 100, 'm')));
                       while (co_await socket.read()) {
                       }
                   },
                   {},
                   terms,
                   small_buffer};
    h.until([&] { return messages_in(h.them.heard).size() == 60; });
    const auto all = messages_in(h.them.heard);
    for (std::size_t i = 0; i < all.size(); ++i)
        CHECK((all[i].first & 0x40U) == (i % 3 == 0 ? 0x40U : 0U));
}

TEST_CASE("nothing is sent behind a close frame")
{
    for (const std::string& last : {close_frame(1000), raw_frame(0x83, "no such opcode")}) {
        websocket* open = nullptr;
        socket_house h{[&](websocket& socket) -> awaitable<> {
            open = &socket;
            while (co_await socket.read()) {
            }
            open = nullptr;
        }};
        h.until([&] { return open != nullptr; });
        h.them.say(last);
        while (open != nullptr) {
            static_cast<void>(open->try_send(websocket_message::binary("late")));
            h.loop.run_one();
        }
        h.them.listen();
        const auto all = frames_in(h.them.heard);
        REQUIRE(count(all, opcode::close) == 1);
        CHECK(all.back().what() == opcode::close);
    }
}
