#pragma once
// Where connections wait for what a load balancer says of them, before TLS and before HTTP.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/http/net_range.hpp>
#include <cohort/net/poller.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace cohort::http {

class server;

/// Who may say for whom it speaks. A value.
struct proxy_door_options {
    /// The load balancers, as parse_ranges() reads them. Everybody else is closed, unheard.
    std::vector<std::string> proxies;

    /// From the connection's beginning to the header's end. Then it is closed.
    std::chrono::seconds patience{5};

    /// Connections that wait; more are closed.
    std::size_t waiting_max = 1024;

    /// The door's clock, for tests.
    steady_time (*clock)() noexcept = &now_coarse;
};

/// What became of connections so far. A value.
struct proxy_door_counts {
    std::uint64_t believed = 0;  ///< The server has them; `own` is not among them.
    std::uint64_t own = 0;       ///< The proxy's own (LOCAL, UNKNOWN): their other end is the peer.
    std::uint64_t strangers = 0;  ///< Closed: not from one of our proxies.
    std::uint64_t malformed = 0;  ///< Closed: no header, or a wrong one.
    std::uint64_t late = 0;       ///< Closed by `patience`.
    std::uint64_t left = 0;       ///< The proxy closed before it had said all.
    std::uint64_t too_many = 0;   ///< Closed by waiting_max, or by the server.
};

/// Reads the PROXY protocol, versions 1 and 2, for a server whose connections all come through load
/// balancers that speak it. A resource, of the server's loop.
///
/// Not one byte behind the header is read. Whom the header names is the peer that handlers, limits
/// and logs see; such connections are in no journal, since a successor could not know that peer.
///
/// Lifetime: the server outlives it.
class proxy_door {
public:
    /// Errors: errc::bad_value, one of `proxies` is no range.
    [[nodiscard]] static result<std::unique_ptr<proxy_door>> make(boost::asio::io_context& loop,
                                                                  net::poller& poller,
                                                                  server& behind,
                                                                  const proxy_door_options& how);

    proxy_door(const proxy_door&) = delete;
    proxy_door& operator=(const proxy_door&) = delete;
    ~proxy_door();

    /// In place of server::take() and take_tls(). It owns the connection in any case.
    void take(unique_fd connection);
    void take_tls(unique_fd connection);

    /// Closes those that wait.
    void stop() noexcept;

    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    [[nodiscard]] const proxy_door_counts& counts() const noexcept { return counts_; }

    /// Looks at the clock now; the door's own timer does this once a second while somebody waits.
    void tick();

private:
    enum class then : std::uint8_t { http, tls };
    struct waiter;
    struct life {};

    proxy_door(boost::asio::io_context& loop, net::poller& poller, server& behind,
               const proxy_door_options& how, std::vector<net_range> proxies);
    void admit(unique_fd connection, then next);
    [[nodiscard]] bool read(waiter& who);
    void pass(waiter& who, const class peer* from);
    void arm();

    net::poller& poller_;
    server& behind_;
    std::vector<net_range> proxies_;
    std::chrono::seconds patience_;
    std::size_t waiting_max_;
    steady_time (*clock_)() noexcept;
    std::list<waiter> waiting_;  // the oldest first
    proxy_door_counts counts_;
    boost::asio::steady_timer timer_;
    bool armed_ = false;
    std::shared_ptr<life> life_ = std::make_shared<life>();  // for handlers that are queued already
};

}  // namespace cohort::http
