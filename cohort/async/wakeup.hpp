#pragma once

#include <cohort/async/tokens.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace cohort {

/// "Something may have changed, look again." A resource, of one event loop.
///
/// Like a condition variable: it carries no state, so wait in a loop over the condition itself.
class wakeup {
public:
    explicit wakeup(asio::any_io_executor executor)
        : timer_{executor, asio::steady_timer::time_point::max()}
    {}

    /// Returns after a notify, or when the coroutine is cancelled (ask `stopped()`).
    /// Deadline: none of its own; use with_deadline. Cancel: total.
    [[nodiscard]] awaitable<> wait() { co_await timer_.async_wait(use_tuple); }

    void notify_all() { timer_.cancel(); }
    void notify_one() { timer_.cancel_one(); }

private:
    asio::steady_timer timer_;
};

}  // namespace cohort
