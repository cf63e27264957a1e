#pragma once
// WebSockets (RFC 6455), compressed where the client can (RFC 7692).
//
//     api.get("/echo", http::on_websocket([](http::websocket& socket) -> cohort::task<> {
//         while (auto message = co_await socket.read())
//             co_await socket.send(*message);
//     }));

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/handler.hpp>
#include <cohort/http/peer.hpp>
#include <cohort/http/websocket/close_code.hpp>
#include <cohort/http/websocket/message.hpp>
#include <cohort/http/websocket/options.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

namespace detail {
class websocket_core;
}

/// One client's socket, for as long as its handler runs. A resource of the server, of one event
/// loop.
class websocket {
public:
    struct facts {
        std::string subprotocol;
        peer from;
    };

    websocket(detail::websocket_core& core, const facts& about) noexcept
        : core_{&core}, about_{&about}
    {}
    websocket(const websocket&) = delete;
    websocket& operator=(const websocket&) = delete;
    ~websocket() = default;

    /// The next message; nothing once the socket is closed, by whomever, or the server leaves: then
    /// end() says how, and the handler should return. Pings are answered meanwhile.
    /// Cancel: total; no message is lost.
    [[nodiscard]] awaitable<std::optional<websocket_message>> read();

    /// Queues a message, waiting for room if the queue is full. Returns before it is sent: the
    /// client's own answer is the only proof that it came. Messages leave in the order in which
    /// they were queued; several coroutines may send.
    /// Errors: errc::channel_closed, the socket is closing (return); errc::too_large, more than
    /// queue_bytes_max; errc::cancelled. Cancel: total; nothing was queued then.
    [[nodiscard]] awaitable<result<>> send(websocket_message what);

    /// The same with text. Throws cohort::failure if it is no UTF-8.
    [[nodiscard]] awaitable<result<>> send(std::string_view text);

    /// Queues it without waiting, for messages that go to many. If the queue is full the client is
    /// too slow: the socket is closed with 1013 and counted. False: it is closing.
    bool try_send(const websocket_message& what);

    /// Closes, once what is queued has been sent. Returning from the handler does the same with
    /// close_code::normal. Throws cohort::failure (errc::bad_value) for a code that may not be
    /// sent, and a reason that is no UTF-8 or longer than 123 bytes.
    void close(close_code code = close_code::normal, std::string_view reason = {});

    /// Runs `work` beside the handler, which has the socket to itself otherwise: who sends what
    /// others say, while the handler reads. It is cancelled when the handler has returned, and what
    /// it throws closes with 1011.
    void spawn(awaitable<> work);

    [[nodiscard]] bool is_open() const noexcept;

    /// How it ended; side::none while it is open.
    [[nodiscard]] const websocket_end& end() const noexcept;

    /// What waits to be sent.
    [[nodiscard]] std::size_t queued_messages() const noexcept;
    [[nodiscard]] std::size_t queued_bytes() const noexcept;

    /// What was agreed on; empty: nothing.
    [[nodiscard]] const std::string& subprotocol() const noexcept { return about_->subprotocol; }
    [[nodiscard]] const http::peer& peer() const noexcept { return about_->from; }

private:
    detail::websocket_core* core_;
    const facts* about_;
};

/// Talks to one client: `task<>(websocket&)`. What it throws closes with 1011, and is told to the
/// error observer. May be a coroutine lambda with captures: it is kept until it has ended.
using websocket_talk = std::move_only_function<awaitable<>(websocket& socket) const>;

/// Makes a handler for GET: it answers handshakes, and runs `talk` for each client.
[[nodiscard]] handler on_websocket(websocket_talk talk, websocket_options options = {});

/// The same from inside a handler, when path, query, or who the user is decide what is talked:
///
///     api.get("/rooms/{name}", [&](const http::request& of) {
///         auto talk = [&hall, name = of.path<std::string>("name")](http::websocket& socket) {
///             return hall.visit(name, socket);
///         };
///         return http::upgrade(of, std::move(talk));
///     });
[[nodiscard]] response upgrade(const request& of, websocket_talk talk,
                               websocket_options options = {});

}  // namespace cohort::http
