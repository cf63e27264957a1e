#pragma once

#include <cohort/async/stop.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/error.hpp>

#include <cstddef>
#include <deque>
#include <utility>

namespace cohort {

/// A bounded queue between coroutines of one event loop. A resource.
///
/// When it is full, try_push refuses and push waits. After close() what is inside can still be
/// taken; then take() says errc::channel_closed.
template <class T>
class mailbox {
public:
    mailbox(asio::any_io_executor executor, std::size_t capacity)
        : room_{executor}, arrived_{executor}, capacity_{capacity}
    {}

    /// False if it is full or closed; `value` is then untouched.
    [[nodiscard]] bool try_push(T& value)
    {
        if (closed_ || waiting_.size() >= capacity_)
            return false;
        waiting_.push_back(std::move(value));
        arrived_.notify_one();
        return true;
    }

    /// Waits for room. Errors: errc::channel_closed; errc::cancelled. Cancel: total.
    awaitable<result<>> push(T value)
    {
        const auto stop = co_await asio::this_coro::cancellation_state;
        while (!try_push(value)) {
            if (closed_)
                co_return failed(errc::channel_closed, "push to mailbox");
            if (stopped(stop))
                co_return failed(errc::cancelled, "push to mailbox");
            co_await room_.wait();
        }
        co_return result<>{};
    }

    /// Waits for a value. Errors: errc::channel_closed; errc::cancelled. Cancel: total.
    awaitable<result<T>> take()
    {
        const auto stop = co_await asio::this_coro::cancellation_state;
        while (waiting_.empty()) {
            if (closed_)
                co_return failed(errc::channel_closed, "take from mailbox");
            if (stopped(stop))
                co_return failed(errc::cancelled, "take from mailbox");
            co_await arrived_.wait();
        }
        T value = std::move(waiting_.front());
        waiting_.pop_front();
        room_.notify_one();
        co_return std::move(value);
    }

    void close()
    {
        closed_ = true;
        room_.notify_all();
        arrived_.notify_all();
    }

    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }

private:
    std::deque<T> waiting_;
    wakeup room_;
    wakeup arrived_;
    std::size_t capacity_;
    bool closed_ = false;
};

}  // namespace cohort
