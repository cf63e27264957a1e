#pragma once

#include <cohort/http/body_budget.hpp>
#include <cohort/http/h2/options.hpp>
#include <cohort/http/server_options.hpp>
#include <cohort/http/takeover.hpp>
#include <cohort/http/timer_wheel.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cohort {
class lanes;
}

namespace cohort::http::h2 {

class session;

/// Serves HTTP/2 on the connections that a server gives away. A resource, of one event loop.
///
///     options.on_http2 = http::h2::speaks(loop);
///
/// Routes, limits, time-outs, counters and hooks are the server's, and handlers cannot tell the
/// difference. The server's drain() and stop() reach these connections through their
/// places. No push, and no "Upgrade: h2c", which RFC 9113 has dropped.
///
/// Lifetime: stop() the server before this is destroyed, and lanes::of(loop) if a cpu_bound handler
/// may still be running. The loop outlives it; whether the server does makes no difference.
class service {
public:
    explicit service(boost::asio::io_context& loop, options own = {});
    service(const service&) = delete;
    service& operator=(const service&) = delete;
    ~service();

    /// Serves this connection from now on; requests that have come already are answered inside.
    /// Order: all connections of a service come from one server.
    void take(taken_connection connection);

    [[nodiscard]] std::size_t connections() const noexcept { return connections_; }
    /// Requests whose handler has begun and whose answer is not complete.
    [[nodiscard]] std::size_t running() const noexcept { return running_; }
    [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }

    /// What happened on all connections so far.
    [[nodiscard]] tally counts() const noexcept;

    /// Looks at the clock now, and ends what has taken too long. The service's own timer does this
    /// once a second while something is due; tests turn the clock by hand.
    void tick();

private:
    friend class session;
    friend class stream;
    friend class stream_port;

    static constexpr std::size_t scratch_bytes = 65'536;

    [[nodiscard]] std::uint32_t second() const noexcept { return second_; }
    void look_at_clock() noexcept;
    void watch_clock(session& who, std::uint32_t due);
    void arm();
    void closed(session& who) noexcept;
    void bury(session& who) noexcept;
    /// Of open connections only.
    [[nodiscard]] server_options& terms() const noexcept { return *terms_; }
    /// Handlers on lanes may end after their server.
    [[nodiscard]] bool has_server() const noexcept { return !server_.expired(); }

    boost::asio::io_context& loop_;
    server_options* terms_ = nullptr;  // the server's, while that is there
    std::weak_ptr<const void> server_;
    std::shared_ptr<body_budget> bodies_;  // the server's
    steady_time (*clock_)() noexcept = &now_coarse;
    options options_;
    lanes& lanes_;
    struct life {};
    std::shared_ptr<life> life_ = std::make_shared<life>();  // for handlers that are queued already
    steady_time born_{};
    std::uint32_t second_ = 1;  // as of the last look

    session* first_ = nullptr;  // of all sessions, those of closed connections included
    std::size_t connections_ = 0;
    std::size_t running_ = 0;
    std::uint64_t requests_ = 0;
    tally past_;  // of connections that are gone
    std::array<char, scratch_bytes> scratch_;

    timer_wheel wheel_;
    boost::asio::steady_timer timer_;
    std::uint32_t armed_for_ = 0;  // second; 0: not armed
};

/// For server_options::on_http2: a service that lives as long as the server.
[[nodiscard]] connection_taker speaks(boost::asio::io_context& loop, options own = {});

}  // namespace cohort::http::h2
