#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/control/protocol.hpp>

#include <boost/asio/local/stream_protocol.hpp>

#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::control {

/// Who asked, for as long as the answer is worked on. A resource of one event loop.
class asker {
public:
    /// Lines that wait until the asker reads; the oldest progress is dropped for a new one.
    static constexpr std::size_t waiting_max = 256;

    /// @param known_as  who that is, if it is known already
    asker(asio::any_io_executor executor, int connection, std::string known_as)
        : connection_{connection}, known_as_{std::move(known_as)}, changed_{executor}
    {}

    /// The descriptor of its connection, which stays the server's: for a primary that has the next
    /// one answer there, see answer_at().
    [[nodiscard]] int connection() const noexcept { return connection_; }

    /// In words, for a connection that we have made: the kernel takes it for one of ours. Empty:
    /// ask the kernel, see peer_of().
    [[nodiscard]] std::string_view known_as() const noexcept { return known_as_; }

    /// Tells what is true so far. Never waits.
    void tell(progress what);
    /// What was told is on its way, or the asker has gone. Wait before more is told that must not
    /// be lost. Deadline: that of a line, 10 s, after which the asker has gone. Cancel: total.
    [[nodiscard]] awaitable<> heard();

    /// It hung up, or does not read: nobody will see an answer. A transaction goes on nevertheless.
    [[nodiscard]] bool gone() const noexcept { return gone_; }
    /// Completes when the asker has gone, or something was written. Wait in a loop.
    [[nodiscard]] awaitable<> change() { return changed_.wait(); }

private:
    friend class server;
    int connection_;
    std::string known_as_;
    std::deque<std::string> waiting_;
    wakeup changed_;
    bool writing_ = false;
    bool gone_ = false;
    bool finished_ = false;
};

/// Answers at a connection that no server looks after. Best effort: it never waits.
void answer_at(int connection, const answer& what) noexcept;

/// Who answers. On the server's loop.
class desk {
public:
    /// Answers one request. `to` lives until the answer is there. Ends within the request's budget;
    /// the server stops waiting for it some seconds afterwards. Cancel: when the server closes.
    [[nodiscard]] virtual awaitable<answer> handle(request what, asker& to) = 0;

protected:
    ~desk() = default;
};

/// The admin socket: takes requests, has them answered. A resource of one event loop.
///
/// Only processes of the same user, and root's, are listened to.
class server {
public:
    /// Requests that are worked on at a time; more are refused.
    static constexpr std::size_t connections_max = 64;
    /// Connections whose request has not come yet; one more, and the oldest is closed.
    static constexpr std::size_t silent_max = 64;

    /// `door` listens already. `who` and `to` outlive the server.
    /// Errors: those of epoll.
    [[nodiscard]] static result<std::unique_ptr<server>> open(asio::any_io_executor executor,
                                                              unique_fd door, uid_t who, desk& to);
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server();

    /// Of those to whom it listens, not to these: asked with the process that connected, at once.
    /// Returns why not, in words; empty: it is listened to.
    using doorkeeper = std::move_only_function<std::string(pid_t)>;
    void keep_out(doorkeeper whom) { kept_out_ = std::move(whom); }

    /// Listens to a connection without asking who is there: we have made it.
    /// @param who  in words, for whoever tells who gave an order
    void take(unique_fd connection, std::string who);

    /// Takes no more requests; who is being answered has so much time to read it. Order: once,
    /// before the end of the loop.
    [[nodiscard]] awaitable<> close(nanoseconds patience);

private:
    using stream = asio::local::stream_protocol;
    struct conversation;
    using conversation_ptr = std::shared_ptr<conversation>;
    class counted;

    server(asio::any_io_executor executor, uid_t who, desk& to);

    [[nodiscard]] awaitable<> accept_all();
    void receive(stream::socket came);
    void admit(stream::socket came, std::string known_as);
    [[nodiscard]] awaitable<> serve(conversation_ptr with);
    [[nodiscard]] awaitable<result<request>> read_request(conversation_ptr with);
    [[nodiscard]] awaitable<answer> work_out(conversation_ptr with, request what);
    [[nodiscard]] awaitable<> write_all(conversation_ptr with);
    [[nodiscard]] awaitable<> watch(conversation_ptr with);

    asio::any_io_executor executor_;
    stream::acceptor door_;
    uid_t user_;
    doorkeeper kept_out_;
    desk& desk_;
    scope doorman_;
    scope helpers_;  // a writer and a watcher for each session
    scope sessions_;
    std::deque<conversation_ptr> silent_;
    std::size_t answering_ = 0;
    bool closing_ = false;
};

}  // namespace cohort::control
