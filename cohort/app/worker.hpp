#pragma once

#include <cohort/app/listener.hpp>
#include <cohort/app/settings.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/ipc/message.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/listener.hpp>
#include <cohort/primary/worker_info.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cohort {

using net::listen_options;
using primary::worker_state;

namespace net {
class poller;
}
namespace http {
class server;
struct server_options;
}  // namespace http
namespace work {
class core;
}

/// This process, seen as a worker of a cohort. A resource; there is one, it lives as long as the
/// process, and all of it belongs to the worker's event loop.
class worker {
public:
    explicit worker(work::core& core, const cohort::settings& chosen) noexcept;
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    // Who this is.

    [[nodiscard]] std::uint32_t id() const noexcept;    ///< from 1, never used twice
    [[nodiscard]] std::uint32_t slot() const noexcept;  ///< from 0, the same for a successor
    [[nodiscard]] pid_t pid() const noexcept;
    [[nodiscard]] const std::string& app() const noexcept;
    [[nodiscard]] const cohort::settings& settings() const noexcept { return settings_; }
    /// online, listening, disconnecting or disconnected.
    [[nodiscard]] worker_state state() const noexcept;
    /// Is the primary there?
    [[nodiscard]] bool is_connected() const noexcept;

    // Where things run.

    [[nodiscard]] asio::io_context& loop() const noexcept;
    [[nodiscard]] asio::any_io_executor executor() const noexcept;
    /// Raw descriptors on the same loop, cheaper than Asio's (net/poller.hpp).
    [[nodiscard]] net::poller& poller() const noexcept;

    /// Runs `work` beside main. A drain waits for it, up to the stop timeout; then it is cancelled.
    /// What escapes from it ends the process, with the exception as the reason.
    void spawn(task<> work);

    // Listening.

    /// Listens on an endpoint that all workers share: "tcp://127.0.0.1:3000", "8080", port 0 (one
    /// port for all), "unix:/path", "unix:@name", "fd:3" (a descriptor of the primary).
    ///
    /// Throws `failure` with what, where and why. try_listen is the same with a result.
    /// Errors: EADDRINUSE, also when this worker listens there already; EACCES; errc::bad_value;
    ///         errc::channel_closed, there is no primary any more; errc::stopping.
    [[nodiscard]] task<listener> listen(std::string where);
    [[nodiscard]] task<listener> listen(std::string where, listen_options how);
    [[nodiscard]] task<result<listener>> try_listen(std::string where);
    [[nodiscard]] task<result<listener>> try_listen(std::string where, listen_options how);

    /// Datagrams: a socket on the descriptor that all workers of the endpoint share. Closing it
    /// leaves the endpoint bound for the others.
    [[nodiscard]] task<asio::ip::udp::socket> bind_udp(std::string where);
    [[nodiscard]] task<asio::ip::udp::socket> bind_udp(std::string where, listen_options how);
    [[nodiscard]] task<result<asio::ip::udp::socket>> try_bind_udp(std::string where,
                                                                   listen_options how);

    // Messages. A worker's id names the receiver; 0 is the primary.

    /// To the primary. Throws `failure`; complete means that the kernel has the whole message.
    [[nodiscard]] task<> send(message what);
    [[nodiscard]] task<> send_to(std::uint32_t id, message what);
    [[nodiscard]] task<result<>> try_send_to(std::uint32_t id, message what);

    /// Asks and waits for the answer. Throws `failure`; errc::deadline_passed;
    /// errc::no_such_worker; errc::worker_gone, it died before it answered.
    [[nodiscard]] task<message> request(message what, nanoseconds deadline);
    [[nodiscard]] task<message> request_of(std::uint32_t id, message what, nanoseconds deadline);

    /// To everybody else: all other workers and the primary.
    [[nodiscard]] task<> broadcast(message what);

    /// Messages that come before a handler is set wait for it (up to 1,024; then the channel pushes
    /// back). `from` is a worker's id or 0.
    void on_message(std::move_only_function<void(message&)> take);
    void on_message(std::move_only_function<void(std::uint32_t from, message&)> take);
    /// Answers requests. An exception becomes the asker's failure, with its what().
    void on_request(std::move_only_function<task<message>(std::uint32_t from, message)> answer);

    // Leaving.

    /// The channel to the primary is closed, in peace or because the primary is dead.
    void on_disconnect(std::move_only_function<void()> hear);
    /// This worker has begun to drain.
    void on_stop(std::move_only_function<void()> hear);

    /// It drains, or the cohort stops and this worker serves on for `stop.drain` first: what a
    /// readiness route asks. on_stop and until_stopping() wait for the drain.
    [[nodiscard]] bool stopping() const noexcept;
    /// Completes when the worker begins to drain. `co_await self.until_stopping();` keeps an idle
    /// main alive. Cancel: total. Deadline: none, this is what a worker lives for.
    [[nodiscard]] task<> until_stopping();
    /// Completes when it has begun to drain, all of on_drain() has ended, and nothing computes on a
    /// lane: what handlers use may end then. The drain's deadline ends the process before that.
    [[nodiscard]] task<> until_drained();

    /// Stops accepting, finishes what is there, leaves with `exited_after_disconnect`. Returns at
    /// once; calling it again changes nothing.
    void disconnect();

    /// Leaves now: says good-bye to the primary (exited_after_disconnect) and ends with `code`,
    /// without finishing anything. What was sent before arrives.
    /// Completes never.
    [[nodiscard]] task<> quit(int code = 0);

    /// Ends the channel without announcement: the worker leaves at once with exit code 0.
    void drop_channel();

    /// What an HTTP server of this worker needs: limits and patience of the settings, its row on
    /// the board, and with keepers the journal that its connections are recorded in. Change what
    /// you like. One server a worker has the journal: the first that asks.
    [[nodiscard]] http::server_options http_options();
    /// Connects a server made with http_options() to this worker: it goes on with the connections
    /// of a dead predecessor and with those that other workers hand over, it finishes when the
    /// worker drains, and hands its own over if there is somebody to take them.
    /// Order: once, before listen(). Lifetime: the process's.
    void look_after(http::server& server);

    /// For servers: called once when the drain begins; awaited until it completes or `budget` is
    /// used up.
    void on_drain(std::move_only_function<task<>(nanoseconds budget)> finish);

    [[nodiscard]] work::core& core() noexcept { return core_; }

private:
    work::core& core_;
    const cohort::settings& settings_;
};

/// Is this process a worker, that is: was it started by a primary and given a channel? Known before
/// main for exec'ed workers, and from birth on for forked ones.
[[nodiscard]] bool is_worker() noexcept;
/// Not a worker.
[[nodiscard]] bool is_primary() noexcept;

/// This process's worker, or nothing in a primary. Any thread may ask; what it offers besides id,
/// slot and pid is for the event loop only.
[[nodiscard]] worker* current_worker() noexcept;

}  // namespace cohort
