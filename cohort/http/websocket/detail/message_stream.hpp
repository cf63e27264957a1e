#pragma once
// Messages over a wire: Beast's WebSocket, behind a door that nobody else has to compile.

#include <cohort/http/takeover.hpp>
#include <cohort/http/websocket/close_code.hpp>
#include <cohort/http/websocket/handshake.hpp>
#include <cohort/http/websocket/message.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace cohort::http::detail {

/// Who is told what becomes of it; on the loop, never inside a call to the stream.
class stream_owner {
public:
    virtual void on_message(websocket_message what) noexcept = 0;
    enum class written : std::uint8_t { whole, not_whole };
    virtual void on_written(written how) noexcept = 0;

    /// The client breaks a rule that Beast does not know: close with this.
    virtual void on_violation(close_code code, std::string_view reason) noexcept = 0;

    /// Nothing more will be read. More than once where several operations notice it.
    enum class goodbye : std::uint8_t {
        said,    ///< Close frames have gone both ways, or ours after a broken rule.
        unsaid,  ///< The connection is gone.
    };
    virtual void on_end(const websocket_end& how, goodbye was) noexcept = 0;

    /// Nothing is pending any more, after cut() or linger(): the stream may be destroyed.
    virtual void on_idle() noexcept = 0;

protected:
    ~stream_owner() = default;
};

/// A resource, of one event loop. Destroyed only when idle.
class message_stream {
public:
    struct setup {
        taken_connection connection;
        boost::asio::io_context& loop;
        net::poller& poller;
        const websocket_terms& terms;
        const websocket_options& options;
    };

    /// The handshake is over. Lifetime: `owner` until it is idle.
    [[nodiscard]] static std::unique_ptr<message_stream> open(setup from, stream_owner& owner);
    virtual ~message_stream() = default;

    /// Begins to read one message; one at a time. soon: not before the loop's next turn.
    virtual void read() = 0;
    virtual void read_soon() = 0;

    /// Writes one, or begins to; one at a time. Lifetime: its bytes until on_written().
    enum class sent : std::uint8_t {
        whole,  ///< The kernel has it.
        later,  ///< on_written() says when, unless on_end() comes first.
    };
    [[nodiscard]] virtual sent write(const websocket_message& what) = 0;

    /// A second one is not sent before the first is out.
    virtual void ping() = 0;

    /// Sends the close frame and waits for the answer. Once, and nothing is written afterwards.
    virtual void close(close_code code, std::string_view reason) = 0;

    /// After on_end(): reads into the void until the client ends, so that what it has sent does not
    /// reset the connection under our last words.
    virtual void linger() = 0;

    /// Closes the connection now.
    virtual void cut() = 0;

    /// Among the server's connections.
    [[nodiscard]] virtual connection_place& place() noexcept = 0;

    [[nodiscard]] virtual std::uint64_t heard() const noexcept = 0;
    [[nodiscard]] virtual std::uint64_t written() noexcept = 0;
};

}  // namespace cohort::http::detail
