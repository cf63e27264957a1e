#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/board/layout.hpp>
#include <cohort/http/limits.hpp>
#include <cohort/http/method.hpp>
#include <cohort/http/net_range.hpp>
#include <cohort/http/pace.hpp>
#include <cohort/http/peer.hpp>
#include <cohort/http/status.hpp>
#include <cohort/http/survival.hpp>
#include <cohort/http/takeover.hpp>
#include <cohort/http/violation.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace cohort::http::tls {
class context;
}

namespace cohort::http {

class request_metrics;

/// How long a client may take, in whole seconds: the server looks once a second, so each ends up
/// to a second late. 0 seconds: no limit.
struct patience {
    /// From the first byte of a head to its last. Then 408.
    std::chrono::seconds head{30};

    /// Without a request on an open connection. Then it is closed.
    std::chrono::seconds keep_alive{75};

    /// The same while all places are taken (connections_max): then the one that has been without a
    /// request for longest, and for so long at least, is closed, to keep the last place free. 0
    /// seconds: never; then newcomers wait until somebody leaves.
    std::chrono::seconds keep_alive_when_full{5};

    /// Without the client taking a byte of an answer. Then it is cut.
    std::chrono::seconds send{30};

    /// An answer that waits for its client must be taken with that rate. What is taken faster
    /// counts for `send` at most: no stretch longer than that may be slower. A producer that has
    /// nothing to say costs its client no time. 0: no rate, only `send`.
    std::uint32_t send_bytes_per_second = 240;

    /// A body must come with body_bytes_per_second, after body_grace (0: no rate is asked). What
    /// comes faster counts for body_idle at most. Then 408.
    std::chrono::seconds body_grace{5};
    std::uint32_t body_bytes_per_second = 240;

    /// Without a byte of a body that we wait for, at whatever rate it came before. Then 408.
    std::chrono::seconds body_idle{30};

    /// After a refusal we go on reading for so long, so that the client can read our answer: a
    /// close with unread bytes would reset the connection under it.
    std::chrono::seconds linger{2};

    [[nodiscard]] pace_terms for_bodies() const noexcept
    {
        return {.bytes_per_second = body_bytes_per_second,
                .grace = static_cast<std::uint32_t>(body_grace.count()),
                .silence = static_cast<std::uint32_t>(body_idle.count())};
    }
    [[nodiscard]] pace_terms for_answers() const noexcept
    {
        const auto silence = static_cast<std::uint32_t>(send.count());
        return {.bytes_per_second = send_bytes_per_second, .grace = silence, .silence = silence};
    }
};

/// Words that the server keeps true, in the scoreboard or anywhere. Null ones are left out. The
/// server is their only writer, on its loop.
struct server_counters {
    std::atomic<std::uint32_t>* connections_open = nullptr;
    std::atomic<std::uint64_t>* connections_total = nullptr;
    std::atomic<std::uint64_t>* requests_total = nullptr;
    std::atomic<std::uint32_t>* requests_running = nullptr;
    /// How answers go. Costs two looks at the (coarse) clock for each request.
    board::answer_cells* answers = nullptr;
};

/// When a request did what, for who measures it. A value.
struct request_times {
    steady_time began{};    ///< Its head was complete: the turn of the loop in which that was so.
    steady_time streams{};  ///< The head of its streamed answer was ready. Zero: it is no such one.
};

/// How a request ended. `refused`: by the server, after its route was found (413, 408, malformed
/// chunks). `cut`: the connection ended before all of the answer was in it.
enum class access_end : std::uint8_t { answered, refused, cut };

/// One request, for the access log. Views are valid during the call only.
struct access_entry {
    method verb;
    std::string_view method_text;
    std::string_view target;
    std::string_view route;  ///< The pattern; empty if none was found.
    const peer* from;
    status_code status;        ///< 0: it was cut before its answer began.
    std::uint64_t body_bytes;  ///< Of the answer; for a streamed one, what was produced.
    nanoseconds took;          ///< From the complete head to this end.
    access_end end;
};

/// One refused request. Views are valid during the call only, but those of `why` for ever.
struct refusal_entry {
    const violation* why;
    const peer* from;
    std::string_view first_bytes;  ///< At most 256 of what was sent. Escape before you print.
};

/// All places are taken. A value.
struct crowd_entry {
    std::size_t connections;
    std::uint64_t made_room;  ///< See server::made_room().
};

/// One connection more than server_options::connections_per_client_max.
inline constexpr violation too_many_connections{.status = 429,
                                                .rule = "http.client.connections",
                                                .words =
                                                    "the client has too many connections open"};

/// What a client means that has closed its side (TCP: FIN) while its request runs. One that resets
/// its connection, or has closed a Unix socket, left in either case, and coroutines are cancelled.
enum class half_close : std::uint8_t {
    answered,   ///< It waits for the answer all the same: handlers and streams go on. Should a TCP
                ///< client have closed both sides, one learns of it when something is sent, or
                ///< within two minutes from its kernel (net::ask_whether_there()).
    abandoned,  ///< It left: coroutine handlers are cancelled, streams cut (Go and Node see it so).
};

/// Choices for a server. A value that is moved.
struct server_options {
    http::limits limits{};
    http::patience patience{};

    /// Open connections; take() refuses more. See patience::keep_alive_when_full. 0: as many as
    /// this process has descriptors for, with some to spare (net::connections_that_fit, when the
    /// server is made).
    std::size_t connections_max = 0;

    /// Open connections of one client of this server: an IPv4 address, or the first 56 bits of an
    /// IPv6 one. Next to connections_max this is what keeps one client from taking all places. One
    /// more is answered 429 and closed, through TLS just closed, and is too_many_connections among
    /// refusals(). 0: no limit.
    std::size_t connections_per_client_max = 1000;

    /// Whose connections are not counted for that: proxies, each of which is many clients. Those
    /// without an address (Unix sockets) never are.
    std::vector<net_range> uncounted_clients = nearby_ranges();

    /// Requests on one connection; the last answer says Connection: close. 0: no limit.
    std::uint32_t requests_per_connection_max = 0;

    /// Bytes of an unread body that are read and dropped to keep a connection.
    std::uint64_t discard_bytes_max = 65'536;

    half_close closed_half = half_close::answered;

    server_counters counters{};

    /// Bytes of all buffered bodies together, of requests that are coming or running. Those that
    /// fit beside a head (16 KiB) do not count. Beyond it requests are answered 503; bodies of a
    /// client that has more than an eighth of it go first, then those that have been on their way
    /// for longer than five seconds. At least limits::body_bytes_max; a body that is longer than
    /// all of it is a 413. 0: no bound. See server::bodies().
    std::uint64_t bodies_bytes_max = 256U << 20;

    /// For request::slot().
    std::uint32_t slot = 0;

    /// How connections outlive this process.
    http::survival survival{};

    /// How TLS is spoken on connections of take_tls(); null: there are none. The server looks once
    /// a minute whether its files have changed. In a handler, request.attached<tls::secured>()
    /// tells what the handshake came to.
    std::shared_ptr<tls::context> tls{};

    /// Called once for every request that came as far as a route, when it ends, if set. (What is
    /// refused before has no method or target that one could believe: on_refused.) Costs two looks
    /// at the clock, and the address of each connection.
    std::move_only_function<void(const access_entry&) noexcept> on_answered{};

    /// Called for every refused request, if set: bad bytes, sizes, time-outs; and for every TLS
    /// handshake that failed ("tls.handshake.…", without a status and bytes).
    std::move_only_function<void(const refusal_entry&) noexcept> on_refused{};

    /// Called once a second at most while all places are taken, if set.
    std::move_only_function<void(const crowd_entry&) noexcept> on_full{};

    /// Gets every connection whose client speaks HTTP/2: its first bytes, in `unread`, are the
    /// preface of RFC 9113, 3.4, or TLS has chosen "h2". Empty: such clients are refused.
    connection_taker on_http2{};

    /// The server's clock, for tests.
    steady_time (*clock)() noexcept = &now_coarse;

    /// Counts every request that came as far as a route, if set (telemetry/request_metrics.hpp).
    /// Costs a look at the clock for each request and one for each batch of them.
    /// Lifetime: outlives the server.
    request_metrics* metrics = nullptr;
};

}  // namespace cohort::http
