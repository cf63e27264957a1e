#pragma once

#include <cohort/async/stop.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace cohort::dashboard {

/// What many ask for, found out once for all who ask at the same time: nobody makes the primary
/// work, or fills the memory, by asking more often. A resource of one event loop.
template <class T>
class shared_answer {
public:
    using value_ptr = std::shared_ptr<const T>;
    using finder = std::function<awaitable<result<T>>()>;

    /// @param fresh_for  so long an answer is given again
    shared_answer(asio::any_io_executor executor, finder find, nanoseconds fresh_for)
        : find_{std::move(find)}, fresh_for_{fresh_for}, changed_{std::move(executor)}
    {}

    /// The last answer if it is fresh; else the next one, which is shared by all who wait for it. A
    /// failure is shared likewise, and never given again.
    /// Errors: the finder's; errc::cancelled. Cancel: total; others who wait find out themselves.
    /// Lifetime: this, until the awaitable completes. Deadline: the finder's.
    [[nodiscard]] awaitable<result<value_ptr>> get();

private:
    /// That somebody is finding out: also a coroutine that is destroyed lets the next one.
    class turn {
    public:
        explicit turn(shared_answer& of)
            : of_{of}
        {
            of_.finding_ = true;
        }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn()
        {
            of_.finding_ = false;
            of_.changed_.notify_all();
        }

    private:
        shared_answer& of_;
    };

    [[nodiscard]] result<value_ptr> outcome() const
    {
        if (trouble_)
            return std::unexpected(*trouble_);
        return last_;
    }

    finder find_;
    nanoseconds fresh_for_;
    wakeup changed_;
    bool finding_ = false;
    std::uint64_t found_ = 0;  // how often there was an outcome
    value_ptr last_;
    steady_time when_{};
    std::optional<fault> trouble_;
};

template <class T>
awaitable<result<typename shared_answer<T>::value_ptr>> shared_answer<T>::get()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const std::uint64_t before = found_;
    while (finding_) {
        co_await changed_.wait();
        if (stopped(stop))
            co_return failed(errc::cancelled, "find out for many");
        // What was found after somebody asked is fresh for them, however long it took.
        if (found_ != before)
            co_return outcome();
    }
    if (last_ && !trouble_ && now() - when_ <= fresh_for_)
        co_return last_;
    const turn mine{*this};
    const steady_time began = now();
    auto finding = find_();
    auto said = co_await std::move(finding);
    if (stopped(stop))
        co_return failed(errc::cancelled, "find out for many");
    if (said) {
        last_ = std::make_shared<const T>(*std::move(said));
        when_ = began;
        trouble_.reset();
    } else {
        trouble_ = std::move(said).error();
    }
    ++found_;
    co_return outcome();
}

}  // namespace cohort::dashboard
