// WebSockets through TLS.
#include <cohort/http/detail/tls_test.hpp>
#include <cohort/http/websocket/detail/frames_test.hpp>
#include <cohort/http/websocket/websocket.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

TEST_CASE("messages of every size come back through TLS, and a close is answered")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    h.api.get("/echo", on_websocket(echo));
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        const auto c = h.connect_tls({.least = version, .most = version});
        REQUIRE(c->ready);
        c->say("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               "Origin: https://a\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        h.hear_tls(*c, "\r\n\r\n");
        const std::size_t head = c->heard.find("\r\n\r\n") + 4;
        const auto frames = [&] { return frames_in(std::string_view{c->heard}.substr(head)); };
        std::size_t count = 0;
        for (const std::size_t size : {0, 5, 126, 8'183, 8'193, 16'384, 40'000, 65'536}) {
            c->say(frame_of(opcode::binary, std::string(size, 's')));
            ++count;
            h.until([&] {
                c->listen();
                return frames().size() == count;
            });
            CHECK(frames().back().payload.size() == size);
        }
        // Many in one record: what TLS holds back must be read without the socket's word.
        std::string many;
        for (int i = 0; i < 1'000; ++i)
            many += frame_of(opcode::text, "0123456789");
        c->say(many);
        h.until([&] {
            c->listen();
            return frames().size() == count + 1'000;
        });
        c->say(close_frame(1000));
        h.until([&] {
            c->listen();
            return frames().size() == count + 1'001;
        });
        CHECK(frames().back().close_code() == 1000);
    }
}

TEST_CASE("what TLS has taken in part is taken to its end, before a pong goes")
{
    constexpr std::size_t messages = 400;
    constexpr std::size_t bytes = 30'000;  // together more than sockets hold
    std::size_t waited = 0;
    const auto flood = [&](websocket& socket) -> awaitable<> {
        for (std::size_t i = 0; i < messages; ++i) {
            auto what = websocket_message::binary(std::string(bytes, static_cast<char>(i % 128)));
            const auto sent = co_await socket.send(std::move(what));
            REQUIRE(sent);
            waited = std::max(waited, socket.queued_messages());
        }
        while (co_await socket.read()) {
        }
    };
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    h.api.get("/flood", on_websocket(flood));
    const auto c = h.connect_tls({});
    REQUIRE(c->ready);
    c->say("GET /flood HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Origin: https://a\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    h.until([&] { return waited > 2; });
    for (int i = 0; i < 10; ++i)
        c->say(frame_of(opcode::ping, "0123456789"));
    h.until([&] {
        c->listen();
        return c->heard.size() > messages * (bytes + 4) + 120;
    });
    const std::size_t head = c->heard.find("\r\n\r\n") + 4;
    std::size_t count = 0;
    std::size_t pongs = 0;
    for (const frame& each : frames_in(std::string_view{c->heard}.substr(head))) {
        if (each.what() == opcode::pong)
            ++pongs;
        else
            CHECK(each.payload == std::string(bytes, static_cast<char>(count++ % 128)));
    }
    CHECK(count == messages);
    CHECK(pongs != 0);
}
