#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <list>
#include <utility>

namespace cohort {

/// Owns coroutines: what is spawned here has ended before the scope does. A resource.
///
/// Inside, cancellation does not throw: operations return operation_aborted once and the coroutine
/// asks `stopped()` (async/stop.hpp). An exception that escapes a coroutine leaves the event
/// loop's run(): whoever runs the loop decides, and in a worker that is the end of the process.
///
/// Lifetime: must be empty when destroyed: `stop()`, then `co_await join()`.
/// Loop: one event loop only.
class scope {
public:
    /// `also` is notified, too, whenever a coroutine has ended; it lives as long as the scope runs.
    explicit scope(asio::any_io_executor executor, wakeup* also = nullptr);
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ~scope();

    /// Starts `work` at the loop's next turn. After stop() it is dropped without having run.
    ///
    /// @return       What cancels this coroutine alone, valid until it ends; null after stop().
    asio::cancellation_signal* spawn(awaitable<> work) { return spawn(std::move(work), executor_); }

    /// The same, on an executor of its own on the same loop.
    asio::cancellation_signal* spawn(awaitable<> work, const asio::any_io_executor& on);

    /// Asks every coroutine to stop, and refuses new ones.
    void stop();

    /// Completes when no coroutine is left. Cancel: total. Loop: the scope's own.
    [[nodiscard]] awaitable<> join();

    [[nodiscard]] std::size_t size() const noexcept { return running_.size(); }
    [[nodiscard]] bool stopping() const noexcept { return stopping_; }

private:
    using running = std::list<asio::cancellation_signal>;

    asio::any_io_executor executor_;
    running running_;
    wakeup left_;
    wakeup* also_;
    bool stopping_ = false;
};

}  // namespace cohort
