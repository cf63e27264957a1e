#pragma once
// Connections that leave HTTP/1.1: to another protocol after "101 Switching Protocols", or to
// HTTP/2. What a session gives away, and what ties it to its server for as long as it lasts.

#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/http/client_counts.hpp>
#include <cohort/http/peer.hpp>
#include <cohort/http/transfer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}
namespace cohort {
class scope;
}
namespace cohort::net {
class poller;
}
namespace cohort::http::tls {
class stream;
}

namespace cohort::http {

class body_budget;
class router;
class server;
struct place_entry;
struct server_options;
struct violation;

/// What a server says to a connection that it gave away.
enum class farewell : std::uint8_t {
    drain,  ///< Finish: the server is leaving. Say goodbye in your protocol, and let go.
    cut,  ///< Your time is up. Coroutines of the server's scope have been cancelled, and the socket
          ///< is shut down when this call returns.
};

/// Whoever goes on with a connection and runs requests on it, as the server asks it about them.
class place_tenant {
public:
    /// Since when it has had no request; nullopt: it has some.
    [[nodiscard]] virtual std::optional<steady_time> idle_since() const noexcept = 0;
    /// Others wait for its place: to be closed if it is idle and no request is here.
    virtual void make_room() noexcept = 0;
    /// See server::oldest_begun().
    [[nodiscard]] virtual std::optional<steady_time> oldest_begun() const noexcept = 0;
    /// One of its requests is like one that has crashed a worker, and began before that was known.
    [[nodiscard]] virtual bool runs_unasked(steady_time now) const noexcept = 0;

protected:
    ~place_tenant() = default;
};

/// The place of one connection among its server's. A resource that is moved; of the server's loop.
///
/// While somebody holds it the connection counts as open (connections_max, the counters), and the
/// server's drain waits for it. Let go before the descriptor is closed: with a journal this frees
/// the record of that number. It may outlive the server.
class connection_place {
public:
    connection_place() noexcept;
    /// `counted_as`: among the connections of its client; null: it is not.
    connection_place(server& of, int descriptor, client_counts::entry* counted_as);
    connection_place(connection_place&&) noexcept;
    connection_place& operator=(connection_place&&) noexcept;
    ~connection_place();

    [[nodiscard]] bool held() const noexcept { return here_ != nullptr; }

    /// The server is leaving, or gone.
    [[nodiscard]] bool draining() const noexcept;

    /// Called when the server begins to drain (now, if it does), and when it cuts. Each at most
    /// once. It may let go of this place.
    void on_farewell(std::move_only_function<void(farewell) noexcept> hear);

    // Of the server. Order: not after `cut`.
    [[nodiscard]] boost::asio::io_context& loop() const noexcept;
    [[nodiscard]] net::poller& poller() const noexcept;
    /// What is spawned here is cancelled when the server stops, and its drain waits for that.
    [[nodiscard]] scope& coroutines() const noexcept;

    /// A request that came over it, for the server's counters. What has begun must end; what has
    /// not when the place is given up, ends then.
    void request_begun() noexcept;
    void request_ended() noexcept;

    /// What the server was told: limits, patience and hooks hold for all protocols.
    [[nodiscard]] server_options& terms() const noexcept;
    [[nodiscard]] const router& routes() const noexcept;

    /// Among server::refusals(), and told to on_refused.
    void count_refusal(const violation& why, peer_lookup& from) noexcept;

    /// Lifetime: `who`, as long as this place is held.
    void belongs_to(place_tenant& who) noexcept;

    /// Where bodies of its requests have their bytes from.
    [[nodiscard]] std::shared_ptr<body_budget> bodies() const noexcept;

    /// See client_counts::counted().
    [[nodiscard]] ip_address counted(const ip_address& who) const noexcept;

    /// Expires with the server.
    [[nodiscard]] std::weak_ptr<const void> life() const noexcept;

    void let_go() noexcept;

private:
    std::unique_ptr<place_entry> here_;
};

/// A connection without its session. A resource that is moved; of the server's loop.
///
/// The first bytes are in `unread`, the next ones come from read().
class taken_connection {
public:
    taken_connection(unique_fd socket, peer other_end, connection_place among);
    taken_connection(taken_connection&&) noexcept;
    taken_connection& operator=(taken_connection&&) noexcept;
    ~taken_connection();

    /// What there is now; through TLS if it has that. Before you wait for the socket, read until
    /// there is nothing: TLS may have taken more out of it than you have seen.
    [[nodiscard]] transfer read(std::span<char> into) noexcept;
    /// `bytes` is not empty. After outcome::writable or readable, the same bytes must come again.
    [[nodiscard]] transfer write(std::string_view bytes) noexcept;

    unique_fd fd;                      ///< Non-blocking, watched by nobody.
    std::unique_ptr<tls::stream> tls;  ///< Null: plain. The handshake is done.
    std::string unread;                ///< Came together with what the session has read.
    peer who;
    connection_place place;  // the last member: it goes before the descriptor is closed
};

/// Goes on with a connection. To do that in a coroutine:
///
///     [](taken_connection c) noexcept {
///         scope& jobs = c.place.coroutines();
///         jobs.spawn(echo(std::move(c)));
///     }
using connection_taker = std::move_only_function<void(taken_connection) noexcept>;

}  // namespace cohort::http
