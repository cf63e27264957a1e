// Our close frame meets what the client sends at the same time: the socket ends, whatever that is.
#include <cohort/http/websocket/counters.hpp>
#include <cohort/http/websocket/detail/frames_test.hpp>

#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

constexpr int small_buffer = 4'608;

const std::string bad_opcode = raw_frame(0x83, "no such opcode");

/// Begins a message in so many pieces that have nothing in them.
std::string empty_pieces(std::size_t count)
{
    std::string all = raw_frame(0x01, "");
    while (--count > 0)
        all += raw_frame(0x00, "");
    return all;
}

/// Closes as soon as the client has said something.
awaitable<> close_at_once(websocket& socket)
{
    static_cast<void>(co_await socket.read());
    socket.close(close_code::going_away, "enough");
}

/// The client leaves, and nothing may be left of the socket.
void leave(socket_house& h)
{
    h.hear_end();
    h.them.socket.reset();
    h.until_gone();
}

}  // namespace

TEST_CASE("a socket ends whose client sends too many pieces and a broken frame in one segment")
{
    const auto broken = websocket_counters::here().broke_rules.load();
    for (const std::string& behind : {bad_opcode, raw_frame(0x81, "unmasked", 0),
                                      close_frame(5'000), close_frame(1'000), std::string{}})
    {
        socket_house h{echo, {.fragments_max = 16}};
        h.them.say(empty_pieces(17) + behind);
        const auto all = h.hear(1);
        CHECK(all[0].close_code() == 1008);
        if (behind.empty())
            h.them.say(close_frame(1008));
        leave(h);
        CHECK(frames_in(h.them.heard).size() == 1);
        CHECK(h.core->end().by() == websocket_end::side::us);
        CHECK(h.core->end().code() == close_code::policy);
    }
    CHECK(websocket_counters::here().broke_rules == broken + 5);
}

TEST_CASE("a socket ends whose client breaks a rule while our close frame waits for room")
{
    // Of which size a message must be to leave no room behind it is the kernel's business.
    int waited = 0;
    for (std::size_t bytes = 64; bytes <= 12'000; bytes += 64) {
        bool whole = false;
        websocket_talk talk = [&](websocket& socket) -> awaitable<> {
            socket.try_send(websocket_message::binary(std::string(bytes, 'b')));
            whole = socket.queued_messages() == 0;
            socket.close(close_code::going_away, "enough");
            co_return;
        };
        socket_house h{std::move(talk), {}, {}, small_buffer};
        while (h.loop.poll() != 0) {
        }
        h.them.say(bad_opcode);
        while (h.loop.poll() != 0) {
        }
        h.them.listen();
        waited += whole && frames_in(h.them.heard).size() < 2 ? 1 : 0;
        leave(h);
        const auto all = frames_in(h.them.heard);
        REQUIRE(all.size() == 2);
        CHECK(all[0].payload == std::string(bytes, 'b'));
        // Our close frame comes behind the message; the answer to a broken rule does not wait.
        CHECK(all[1].close_code() == (whole ? 1001 : 1002));
    }
    CHECK(waited != 0);
}

TEST_CASE("a socket ends whose client ends a text badly behind our close frame")
{
    for (const std::string_view rest : {"\xff rest", "good rest"}) {
        socket_house h{close_at_once};
        const std::string text = frame_of(opcode::text, "half of it" + std::string{rest});
        const std::size_t half = 6 + std::string_view{"half of it"}.size();
        h.them.say(frame_of(opcode::text, "go"));
        h.loop.poll();
        h.them.say(text.substr(0, half));
        CHECK(h.hear(1)[0].close_code() == 1001);
        while (h.loop.poll() != 0) {
        }
        h.them.say(text.substr(half));
        while (h.loop.poll() != 0) {
        }
        if (rest.front() == 'g')
            h.them.say(close_frame(1001));
        leave(h);
        CHECK(frames_in(h.them.heard).size() == 1);
        CHECK(h.core->end().by() == websocket_end::side::us);
        CHECK(h.core->end().code() == close_code::going_away);
    }
}

TEST_CASE("what comes behind our close frame is neither answered nor handed over")
{
    const deflate_terms terms{.our_window_bits = 12,
                              .their_window_bits = 12,
                              .we_begin_anew = true,
                              .they_begin_anew = true};
    for (const std::string& last :
         {close_frame(1001), close_frame(4'321, "late"), frame_of(opcode::close),
          raw_frame(0xc2, "\xff\xff\xff\xff"), bad_opcode})
    {
        int heard = 0;
        socket_house h{[&](websocket& socket) -> awaitable<> {
                           while (co_await socket.read()) {
                               ++heard;
                               socket.close(close_code::going_away, "enough");
                           }
                       },
                       {},
                       terms};
        h.them.say(frame_of(opcode::text, "go"));
        CHECK(h.hear(1)[0].close_code() == 1001);
        h.them.say(frame_of(opcode::text, "late") + frame_of(opcode::ping, "p") +
                   frame_of(opcode::binary, std::string(20'000, 'b')) + last);
        leave(h);
        CHECK(heard == 1);
        CHECK(frames_in(h.them.heard).size() == 1);
        CHECK(h.core->end().by() == websocket_end::side::us);
        CHECK(h.core->end().reason() == "enough");
    }
}

TEST_CASE("a handler that leaves messages unread ends, and so does its socket")
{
    socket_house h{[](websocket& socket) -> awaitable<> {
        static_cast<void>(co_await socket.read());
        // The next one is read ahead, and then nothing is.
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        for (int turn = 0; turn < 4; ++turn)
            co_await asio::post(executor, use_tuple);
    }};
    std::string all;
    for (int i = 0; i < 10; ++i)
        all += frame_of(opcode::text, std::to_string(i));
    h.them.say(all);
    CHECK(h.hear(1)[0].close_code() == 1000);
    h.them.say(close_frame(1000));
    leave(h);
    CHECK(frames_in(h.them.heard).size() == 1);
}
