#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/http/websocket/detail/handover.hpp>
#include <cohort/http/websocket/detail/message_stream.hpp>
#include <cohort/http/websocket/keep_alive.hpp>
#include <cohort/http/websocket/options.hpp>
#include <cohort/http/websocket/outbox.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http::detail {

/// `work` as our scopes run it: cancellation, of every kind, does not throw.
[[nodiscard]] awaitable<> quietly(awaitable<> work);

/// One socket from its handshake to the last byte: what is read and not taken yet, what waits to be
/// sent, and its clock. A resource of serve_websocket(), of one event loop.
///
///     open ── begin_close() ──> closing ── queue is out ──> said ── answered ──┐
///       └────────────── the client closes, or the connection breaks ───────────┴─> ended ──> gone
class websocket_core final : public stream_owner {
public:
    enum class stage : std::uint8_t {
        open,
        closing,  ///< We close, once what is queued has been sent.
        said,     ///< Our close frame is on its way.
        ended,    ///< Nothing more will be read or sent.
        gone,     ///< Nothing is pending.
    };

    websocket_core(message_stream::setup from, std::shared_ptr<const websocket_options> options);
    websocket_core(const websocket_core&) = delete;
    websocket_core& operator=(const websocket_core&) = delete;
    ~websocket_core();

    /// Begins to read.
    void begin();

    // What websocket shows to handlers.

    [[nodiscard]] awaitable<std::optional<websocket_message>> read();
    [[nodiscard]] awaitable<result<>> send(websocket_message what);
    [[nodiscard]] bool try_send(const websocket_message& what);
    void begin_close(close_code code, std::string_view reason);
    void spawn(awaitable<> work);
    [[nodiscard]] bool is_open() const noexcept { return stage_ == stage::open; }
    [[nodiscard]] const websocket_end& end() const noexcept { return end_; }
    [[nodiscard]] const outbox& queue() const noexcept { return out_; }

    // What the server does with it.

    /// The server is leaving: the handler's next read() closes with 1012; at the latest we do,
    /// after close_within.
    void drain();
    [[nodiscard]] bool draining() const noexcept { return draining_; }

    /// Ends what was spawned, and says what of it threw first. Cancel: none.
    [[nodiscard]] awaitable<std::exception_ptr> join();

    /// Among the server's connections.
    [[nodiscard]] connection_place& place() noexcept { return stream_->place(); }

    /// Ends it now.
    void cut();

    [[nodiscard]] bool gone() const noexcept { return stage_ == stage::gone; }
    /// Returns when it may be gone. Cancel: total.
    [[nodiscard]] awaitable<> wait_until_gone();

private:
    void on_message(websocket_message what) noexcept override;
    void on_written(written how) noexcept override;
    void on_violation(close_code code, std::string_view reason) noexcept override;
    void on_end(const websocket_end& how, goodbye was) noexcept override;
    void on_idle() noexcept override;

    [[nodiscard]] awaitable<> beside(awaitable<> work);
    void read_next();
    void read_on();
    [[nodiscard]] bool send_at_once(const websocket_message& what);
    void write_next();
    void tell_everybody();
    void arm(std::chrono::nanoseconds pause);
    void on_timer(error_code ec);
    void on_tick();
    void leave_if_idle();

    std::shared_ptr<const websocket_options> options_;
    outbox out_;
    std::optional<websocket_message> in_;
    websocket_end end_;
    keep_alive alive_;
    handover arrived_;
    wakeup room_;
    wakeup left_;
    scope beside_;
    std::exception_ptr thrown_;  // beside the handler
    boost::asio::steady_timer timer_;
    std::chrono::steady_clock::time_point last_message_;
    std::unique_ptr<message_stream> stream_;
    unsigned timer_waits_ = 0;   // handlers of timer_ that have not run
    unsigned senders_ = 0;       // coroutines that wait for room
    std::size_t this_turn_ = 0;  // bytes by send(), about
    stage stage_ = stage::open;
    bool reading_ = false;
    bool handing_over_ = false;  // the handler runs inside on_message()
    bool writing_ = false;
    bool draining_ = false;
    bool we_closed_ = false;
    bool idle_ = false;  // the stream is
};

}  // namespace cohort::http::detail
