#pragma once
// Many descriptors behind one Asio descriptor.
//
// Asio charges an allocation, a lock and a scheduler turn for every socket that becomes ready. The
// poller keeps an epoll set of its own and shows Asio only that set: one turn of Asio's loop then
// serves up to 64 connections, and a connection that waits costs no Asio object at all.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace cohort::net {

/// Hears that its descriptor can do something. Derive from it; the poller never owns it.
class watcher {
public:
    /// `events` as epoll reports them: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR.
    ///
    /// Level-triggered: called again at the loop's next turn for as long as it stays true, so read,
    /// write, or change() what is watched. May destroy this watcher or any other (after forget()).
    virtual void ready(std::uint32_t events) noexcept = 0;

protected:
    watcher() = default;
    watcher(const watcher&) = default;
    watcher& operator=(const watcher&) = default;
    ~watcher() = default;
};

/// Watches descriptors on behalf of one event loop. A resource, of that loop only.
///
/// Fair: after one batch (64 events) Asio's other handlers have their turn. Allocates nothing per
/// event. Keeps the loop's run() from returning between start() and stop().
class poller {
public:
    explicit poller(boost::asio::io_context& loop);
    poller(const poller&) = delete;
    poller& operator=(const poller&) = delete;
    ~poller();

    /// Makes the epoll set and begins to wait on it. Errors: EMFILE (again later).
    [[nodiscard]] result<> start();

    /// Begins to watch `fd`, which must be non-blocking, for the given epoll events (EPOLLET and
    /// EPOLLONESHOT are not for here; EPOLLEXCLUSIVE is fine for a shared listening socket).
    /// Errors: EEXIST, watched already; ENOSPC, /proc/sys/fs/epoll/max_user_watches is used up.
    /// Lifetime: `who` and the descriptor must stay until forget(). Start before you watch.
    [[nodiscard]] result<> watch(int fd, std::uint32_t events, watcher& who);

    /// Watches the same descriptor for other events from now on. Events of the running batch that
    /// were collected earlier are still delivered.
    [[nodiscard]] result<> change(int fd, std::uint32_t events, watcher& who);

    /// Ends it: `who` hears nothing more, not even from the batch that is being delivered now.
    /// Call it before the descriptor is closed: a duplicate in another process would keep it in
    /// the set for ever, under a number that means something else by then.
    void forget(int fd, watcher& who) noexcept;

    /// Stops waiting and drops the rest of the running batch. Watchers need not be forgotten
    /// before, nor after. start() begins again with an empty set.
    void stop() noexcept;

    /// Called before and after each batch, for what is better done once for many events. Static
    /// functions; null: nothing. Neither may stop or destroy the poller.
    struct brackets {
        void (*before)() noexcept = nullptr;
        void (*after)() noexcept = nullptr;
    };
    void around_batches(brackets call) noexcept { brackets_ = call; }

    /// When the running batch was found; outside of one, now. One look at the clock for a batch, if
    /// anybody asks, and none if the loop was just woken up and is metered (async/loop_meter.hpp).
    [[nodiscard]] steady_time time() noexcept;

    /// Loop turns that found something, and events delivered in them: for tests and the board.
    [[nodiscard]] std::uint64_t batches() const noexcept { return batches_; }
    [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

    static constexpr std::size_t batch_max = 64;

    /// From this many events in one batch on, the set is not shown to Asio but looked at in every
    /// turn: a set that nobody waits for spares the kernel a second wake-up for each packet, which
    /// is 4 % of a small request. Below busy_until it is shown again.
    static constexpr int busy_from = 16;
    static constexpr int busy_until = 4;

private:
    using descriptor =
        boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

    /// Says to a handler that is still on its way whether its poller listens. One per start().
    struct session {
        bool open = true;
    };

    [[nodiscard]] result<> attach();
    void wait();
    void come_back();
    void deliver();
    [[nodiscard]] bool gather();

    boost::asio::io_context& loop_;
    unique_fd set_;
    descriptor shown_;  // set_ as Asio knows it; empty while busy_
    std::shared_ptr<session> session_;
    bool busy_ = false;
    bool delivering_ = false;
    brackets brackets_;
    std::array<epoll_event, batch_max> batch_{};
    int batch_size_ = 0;
    int batch_next_ = 0;
    std::uint64_t batches_ = 0;
    std::uint64_t events_ = 0;
    std::optional<steady_time> time_;  // of the running batch, once somebody has asked
};

}  // namespace cohort::net
