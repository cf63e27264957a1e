#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/websocket/close_code.hpp>
#include <cohort/http/websocket/message.hpp>
#include <cohort/testing/harness.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::testing {

/// A WebSocket client with deadlines, for tests of servers over real sockets. A resource. Blocking:
/// the server runs in another thread or process. Every call throws `failure` when something is
/// wrong, or when the time is up (errc::deadline_passed).
///
///     websocket_client ada{port, "/chat"};
///     ada.send("hello");
///     CHECK(ada.read() == "hello");
class websocket_client {
public:
    struct options {
        std::string host = "127.0.0.1";                                 ///< A numeric address.
        std::vector<std::pair<std::string, std::string>> headers = {};  ///< Origin, Cookie, …
        bool offers_compression = true;
    };

    /// Connects and shakes hands. A handshake that is refused throws failure (errc::answer_failed)
    /// with the status in its text.
    websocket_client(std::uint16_t port, std::string_view path);
    websocket_client(std::uint16_t port, std::string_view path, const options& how);
    websocket_client(websocket_client&&) noexcept;
    websocket_client& operator=(websocket_client&&) noexcept;
    ~websocket_client();

    void send(std::string_view text);
    void send(const http::websocket_message& message);

    /// The next message's bytes; throws failure (errc::channel_closed) if there is none, see end().
    [[nodiscard]] std::string read(nanoseconds budget = patience);

    /// The same; nothing once the server has closed.
    [[nodiscard]] std::optional<http::websocket_message>
    read_message(nanoseconds budget = patience);

    /// Says goodbye, and waits for the answer. Messages that come meanwhile are dropped.
    void close(http::close_code code = http::close_code::normal, nanoseconds budget = patience);

    /// How it ended: side::them is the server.
    [[nodiscard]] const http::websocket_end& end() const noexcept;

    /// What the server has chosen; empty: nothing.
    [[nodiscard]] const std::string& subprotocol() const noexcept;
    [[nodiscard]] bool compresses() const noexcept;

private:
    class inside;
    std::unique_ptr<inside> inside_;
};

}  // namespace cohort::testing
