// Frames of ours and frames of Beast share one connection.
#include <cohort/http/websocket/counters.hpp>
#include <cohort/http/websocket/detail/frames_test.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
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

TEST_CASE("a handler that sends what the kernel takes at once lets others have their turn")
{
    std::size_t sent = 0;
    socket_house h{[&](websocket& socket) -> awaitable<> {
                       const auto executor = co_await asio::this_coro::executor;
                       bool had_turn = false;
                       boost::asio::post(executor, [&] { had_turn = true; });
                       for (; !had_turn && socket.queued_messages() == 0; ++sent)
                           static_cast<void>(co_await socket.send("x"));
                       CHECK(had_turn);
                       static_cast<void>(co_await socket.read());
                   },
                   {},
                   {},
                   1'048'576};
    h.until([&] { return sent != 0; });
    CHECK(sent <= 256);
    h.hear(sent);
}

TEST_CASE("a client may leave in the middle of a frame, while a pong waits behind it")
{
    bool ended = false;
    socket_house h{[&](websocket& socket) -> awaitable<> {
                       for (int i = 0; i < 3; ++i)
                           static_cast<void>(socket.try_send(
                               websocket_message::binary(std::string(90'000, 'm'))));
                       while (co_await socket.read()) {
                       }
                       const auto late = co_await socket.send("late");
                       CHECK_FALSE(late);
                       ended = true;
                   },
                   {},
                   {},
                   small_buffer};
    h.them.say(frame_of(opcode::ping, "behind"));
    for (int i = 0; i < 10; ++i)
        h.loop.poll();
    CHECK(h.core->queue().messages() == 3);
    h.them.socket.reset();
    h.until_gone();
    CHECK(ended);
}

TEST_CASE("bytes that cannot be unpacked come while our close frame waits for room")
{
    std::size_t room = 0;  // messages
    {
        socket_house h{[&](websocket& socket) -> awaitable<> {
                           while (socket.queued_messages() == 0 &&
                                  socket.try_send(websocket_message::binary("x")))
                               ++room;
                           static_cast<void>(co_await socket.read());
                       },
                       {},
                       {},
                       small_buffer};
        h.loop.poll();
        REQUIRE(room > 1);
        --room;
    }
    socket_house h{[&](websocket& socket) -> awaitable<> {
                       for (std::size_t i = 0; i < room; ++i)
                           static_cast<void>(socket.try_send(websocket_message::binary("x")));
                       CHECK(socket.queued_messages() == 0);
                       socket.close(close_code::normal, {});
                       co_return;
                   },
                   {},
                   deflate_terms{},
                   small_buffer};
    h.loop.poll();
    h.them.say(raw_frame(0xc2, std::string(100, '\xff')));
    for (int i = 0; i < 10; ++i)
        h.loop.poll();
    h.until([&] { return count(frames_in(h.them.heard), opcode::close) == 1; });
    h.them.socket.reset();
    h.until_gone();
    CHECK(count(frames_in(h.them.heard), opcode::binary) +
              count(frames_in(h.them.heard), opcode::text) ==
          room);
}

TEST_CASE("whatever comes together, frames stay whole and messages in order")
{
    std::minstd_rand dice{7};
    for (int round = 0; round < 60; ++round) {
        const bool packs = round % 2 == 0;
        const bool leaves = round % 3 == 0;
        std::vector<std::string> said;
        socket_house h{[&](websocket& socket) -> awaitable<> {
                           while (auto message = co_await socket.read()) {
                               for (auto more = dice() % 4; more-- > 0 && socket.is_open();) {
                                   const std::size_t bytes =
                                       dice() % 3 == 0 ? dice() % 20'000 : dice() % 300;
                                   said.push_back(std::string(bytes, message->bytes()[0]));
                                   auto what = websocket_message::binary(said.back());
                                   if (!co_await socket.send(std::move(what)))
                                       said.pop_back();
                               }
                           }
                       },
                       {},
                       packs ? std::optional{deflate_terms{}} : std::nullopt,
                       small_buffer};
        for (int i = 0; i < 40; ++i) {
            if (dice() % 3 == 0)
                h.them.say(frame_of(opcode::ping, std::to_string(i)));
            else
                h.them.say(frame_of(opcode::text, std::string(1, static_cast<char>('a' + i % 26))));
            if (dice() % 2 == 0)
                h.loop.poll();
            if (dice() % 4 == 0)
                h.them.listen();
        }
        if (leaves) {
            h.them.socket.reset();
            h.until_gone();
        } else {
            h.them.say(close_frame(1000));
            h.hear_end();
        }
        std::size_t at = 0;
        for (const frame& each : messages_in(h.them.heard)) {
            if (each.what() != opcode::binary)
                continue;
            REQUIRE(at < said.size());
            const bool packed = packs && said[at].size() >= 256;
            CHECK((each.first & 0x40U) == (packed ? 0x40U : 0U));
            if (!packed)
                CHECK(each.payload == said[at]);
            ++at;
        }
        const auto all = frames_in(h.them.heard);
        CHECK(count(all, opcode::close) == (leaves ? 0 : 1));
    }
}
