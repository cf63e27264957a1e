// Handshakes, against the server itself.
#include <cohort/http/websocket/handshake.hpp>
#include <cohort/http/websocket/websocket.hpp>

#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/websocket/counters.hpp>
#include <cohort/http/websocket/detail/frames_test.hpp>

#include <boost/asio/co_spawn.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

/// A good handshake, with other lines behind it.
std::string handshake(std::string_view path, std::string_view more = {},
                      std::string_view version = "13",
                      std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==")
{
    return "GET " + std::string{path} +
           " HTTP/1.1\r\nHost: chat.example:8080\r\nConnection: keep-alive, Upgrade\r\n"
           "Upgrade: WebSocket\r\nSec-WebSocket-Version: " +
           std::string{version} + "\r\nSec-WebSocket-Key: " + std::string{key} + "\r\n" +
           std::string{more} + "\r\n";
}

/// What came behind the head.
std::string behind_head(const client& c) { return c.heard.substr(c.heard.find("\r\n\r\n") + 4); }

}  // namespace

TEST_CASE("a handshake is answered as RFC 6455 shows it, and frames behind it are not lost")
{
    house h;
    h.api.get("/echo", on_websocket(echo));
    client c = h.connect();
    c.say(handshake("/echo") + frame_of(opcode::text, "early"));
    h.until([&] {
        c.listen();
        return c.has("early");
    });
    CHECK(c.heard.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    CHECK(c.has("\r\nConnection: Upgrade\r\n"));
    CHECK(c.has("\r\nUpgrade: websocket\r\n"));
    CHECK(c.has("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    CHECK(!c.has("Sec-WebSocket-Extensions"));
    CHECK(!c.has("Sec-WebSocket-Protocol"));
    CHECK(frames_in(behind_head(c)).at(0).payload == "early");
    CHECK(h.serving->connections() == 1);
    c.say(close_frame(1000));
    h.hear_end(c);
    c.socket.reset();
    h.until([&] { return h.serving->connections() == 0; });
}

TEST_CASE("what is no handshake is refused before the upgrade, and says why")
{
    house h;
    h.api.get("/echo", on_websocket(echo));
    const auto answer_to = [&](std::string_view bytes) {
        client c = h.connect();
        c.say(bytes);
        h.hear(c, "\r\n\r\n");
        h.quiet();
        c.listen();
        return c.heard;
    };
    const std::string plain = answer_to(get("/echo"));
    CHECK(plain.starts_with("HTTP/1.1 426 "));
    CHECK(plain.find("\r\nUpgrade: websocket\r\n") != std::string::npos);
    const std::string old = answer_to(handshake("/echo", {}, "8"));
    CHECK(old.starts_with("HTTP/1.1 426 "));
    CHECK(old.find("\r\nSec-WebSocket-Version: 13\r\n") != std::string::npos);
    CHECK(answer_to(handshake("/echo", {}, "13", "short")).starts_with("HTTP/1.1 400 "));
    CHECK(answer_to(handshake("/echo", {}, "13", "dGhlIHNhbXBsZSBub25jZ!=="))
              .starts_with("HTTP/1.1 400 "));
    CHECK(
        answer_to(handshake("/echo", "Content-Length: 1\r\n") + "x").starts_with("HTTP/1.1 400 "));
    CHECK(answer_to("GET /echo HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
                    "websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                    "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
              .starts_with("HTTP/1.1 4"));
}

TEST_CASE("pages of other origins are refused with 403, unless the program says otherwise")
{
    house h;
    h.api.get("/own", on_websocket(echo));
    h.api.get("/listed", on_websocket(echo, {.origins = {"https://app.example.com"}}));
    h.api.get("/all", on_websocket(echo, {.any_origin = true}));
    auto& counts = websocket_counters::here();
    const auto refused = counts.refused_origin.load();
    const auto status = [&](std::string_view path, std::string_view origin) {
        client c = h.connect();
        c.say(handshake(path, "Origin: " + std::string{origin} + "\r\n"));
        h.hear(c, "\r\n\r\n");
        return c.heard.substr(9, 3);
    };
    CHECK(status("/own", "http://chat.example:8080") == "101");
    CHECK(status("/own", "http://CHAT.example:8080") == "101");
    CHECK(status("/own", "http://chat.example") == "403");
    CHECK(status("/own", "http://evil.example:8080") == "403");
    CHECK(status("/own", "null") == "403");
    CHECK(status("/own", "https://app.example.com") == "403");
    CHECK(status("/own", "http://chat.example:8080\r\nOrigin: http://evil.example") == "403");
    CHECK(status("/listed", "https://app.example.com") == "101");
    CHECK(status("/listed", "https://app.example.com.evil.org") == "403");
    CHECK(status("/all", "http://evil.example") == "101");
    CHECK(counts.refused_origin == refused + 6);
}

TEST_CASE("a page has the same origin where host and port agree")
{
    CHECK(is_same_origin("http://a.example", "a.example"));
    CHECK(is_same_origin("http://a.example", "a.example:80"));
    CHECK(is_same_origin("https://a.example", "a.example:443"));
    CHECK(is_same_origin("https://a.example:8443", "a.example:8443"));
    CHECK(is_same_origin("http://[::1]:80", "[::1]"));
    CHECK(!is_same_origin("https://a.example", "a.example:80"));
    CHECK(!is_same_origin("http://a.example", "b.a.example"));
    CHECK(!is_same_origin("file://a.example", "a.example"));
    CHECK(!is_same_origin("http://", ""));
    CHECK(!is_same_origin("null", "null"));
}

TEST_CASE("the server's favourite of the offered subprotocols is chosen, and known to the handler")
{
    house h;
    std::string seen;
    h.api.get("/chat", on_websocket(
                           [&](websocket& socket) -> awaitable<> {
                               seen = socket.subprotocol();
                               co_return;
                           },
                           {.subprotocols = {"v2.chat", "v1.chat"}}));
    client c = h.connect();
    c.say(handshake("/chat", "Sec-WebSocket-Protocol: v1.chat, V2.CHAT\r\n"
                             "Sec-WebSocket-Protocol: v2.chat\r\n"));
    h.hear(c, "\r\nSec-WebSocket-Protocol: v2.chat\r\n");
    h.until([&] { return !seen.empty(); });
    CHECK(seen == "v2.chat");
}

TEST_CASE("what a handler captured lives as long as its socket, and path parameters reach it")
{
    house h;
    std::string told;
    h.api.on_handler_error([&](const request& of, std::string_view what) noexcept {
        told = std::string{of.path()} + ": " + std::string{what};
    });
    h.api.get("/rooms/{name}", [](const request& of) {
        auto talk = [name = of.path<std::string>("name")](websocket& socket) -> awaitable<> {
            const auto message = co_await socket.read();
            const auto sent = co_await socket.send(name + ": " + std::string{message->bytes()});
            static_cast<void>(sent);
            throw std::runtime_error{"left"};
        };
        return upgrade(of, std::move(talk));
    });
    client c = h.connect();
    c.say(handshake("/rooms/a-room-with-a-long-name?x=1"));
    h.hear(c, "\r\n\r\n");
    c.say(frame_of(opcode::text, "hello"));
    h.hear(c, "a-room-with-a-long-name: hello");
    h.until([&] { return !told.empty(); });
    CHECK(told == "/rooms/a-room-with-a-long-name: left");
}

TEST_CASE("a drain closes sockets with 1012 and waits for them; what does not go is cut")
{
    house h;
    h.api.get("/echo", on_websocket(echo));
    client polite = h.connect();
    client silent = h.connect();
    for (client* const each : {&polite, &silent}) {
        each->say(handshake("/echo"));
        h.hear(*each, "\r\n\r\n");
    }
    std::optional<std::size_t> cut;
    asio::co_spawn(h.loop, h.serving->drain(50ms),
                   [&](const std::exception_ptr&, std::size_t count) { cut = count; });
    h.until([&] {
        polite.listen();
        return frames_in(behind_head(polite)).size() == 1;
    });
    CHECK(frames_in(behind_head(polite))[0].close_code() == 1012);
    polite.say(close_frame(1012));
    h.hear_end(polite);
    polite.socket.reset();
    h.until([&] { return cut.has_value(); });
    CHECK(*cut == 1);
    h.hear_end(silent);
}
