#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/backoff.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/net/accept.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/poller.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

namespace cohort::work {

class door;

/// What a door asks of those around it.
class porter {
public:
    /// May a connection be accepted from the shared socket now? Yes: zero. No: when to ask again.
    [[nodiscard]] virtual nanoseconds wait_before_accept() noexcept = 0;
    /// Gives the connection to a worker with less to do, and takes the descriptor then.
    virtual void pass_on(const door& from, unique_fd& connection) noexcept = 0;
    /// A plain socket leaves for the program.
    virtual void handed_out(int connection) noexcept = 0;
    /// Somebody waits in accept(): connections can be taken from the inbox.
    virtual void has_room() noexcept = 0;
    virtual void closed(const door& which) noexcept = 0;

protected:
    ~porter() = default;
};

/// One endpoint as this worker serves it. A resource.
///
/// Connections come from the shared socket, if this worker accepts by itself, or from the slot's
/// inbox. They leave through accept, one by one, or through a sink as they come.
class door final : private net::watcher {
public:
    using sink = std::move_only_function<void(unique_fd connection) noexcept>;

    struct plan {
        std::uint32_t number = 0;  ///< the endpoint's, given by the primary; 0: our own alone
        net::endpoint where;       ///< the real one
        unique_fd socket;          ///< not valid: connections are dealt by the primary
    };

    door(asio::any_io_executor executor, net::poller& poller, porter& around, plan what);
    door(const door&) = delete;
    door& operator=(const door&) = delete;
    ~door();

    /// The next connection. Errors: errc::stopping, the door is closed and nothing is left.
    /// Cancel: total. Deadline: none, clients come when they like.
    [[nodiscard]] awaitable<result<unique_fd>> next();

    /// Every connection goes to `take`, at once, those that wait already included.
    void serve(sink take);

    /// A connection that came through the inbox.
    void deliver(unique_fd connection) noexcept;
    /// Would it be taken soon?
    [[nodiscard]] bool has_room() const noexcept;

    /// Accepts what waits in the socket's queue now, up to `most`; returns how many.
    std::size_t sweep(std::size_t most) noexcept;

    /// No more new connections; those accepted already can still be taken. Idempotent.
    void close() noexcept;
    /// Accepts nothing more, and tells nobody: this process is about to end.
    void shut() noexcept;
    [[nodiscard]] bool is_open() const noexcept { return open_; }
    /// Connections that nobody has taken yet.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    [[nodiscard]] bool serves() const noexcept { return static_cast<bool>(sink_); }

    [[nodiscard]] std::uint32_t number() const noexcept { return plan_.number; }
    [[nodiscard]] const net::endpoint& where() const noexcept { return plan_.where; }
    /// The shared socket; not valid if connections are dealt.
    [[nodiscard]] const unique_fd& socket() const noexcept { return plan_.socket; }
    [[nodiscard]] asio::any_io_executor executor() noexcept { return pause_.get_executor(); }

    /// Watches the socket if a connection is wanted. (It is unwatched when one comes and is not.)
    void attend() noexcept;

private:
    static constexpr std::size_t batch_max = 16;  // accepts per turn of the loop

    enum class purpose { serve, sweep };

    void ready(std::uint32_t events) noexcept override;
    [[nodiscard]] bool wanted() const noexcept;
    void watch() noexcept;
    void unwatch() noexcept;
    void rest(nanoseconds how_long) noexcept;
    std::size_t accept_up_to(std::size_t most, purpose why) noexcept;
    [[nodiscard]] bool failed_to_accept(net::accept_verdict verdict,
                                        const error_code& why) noexcept;

    plan plan_;
    net::poller& poller_;
    porter& porter_;
    sink sink_;
    std::deque<unique_fd> waiting_;
    std::size_t waiters_ = 0;
    wakeup arrived_;
    asio::steady_timer pause_;
    backoff shortage_;
    bool open_ = true;
    bool watching_ = false;
    bool resting_ = false;
};

}  // namespace cohort::work
