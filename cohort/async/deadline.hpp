#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <utility>
#include <variant>

namespace cohort {

/// Waits that long, or less if the coroutine is cancelled (ask `stopped()`). Cancel: total.
inline awaitable<> sleep_for(std::chrono::nanoseconds pause)
{
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer{executor};
    timer.expires_after(pause);
    co_await timer.async_wait(use_tuple);
}

/// Runs `work` for at most `budget`, then cancels it (terminal) and waits until it has ended.
/// Errors: those of `work`; errc::deadline_passed, the budget was used up. Cancel: total.
/// Boost 1.81 has no cancel_after; this stands in for it.
template <class T>
awaitable<result<T>> with_deadline(awaitable<result<T>> work, std::chrono::nanoseconds budget)
{
    using namespace asio::experimental::awaitable_operators;
    auto race = std::move(work) || sleep_for(budget);
    auto winner = co_await std::move(race);
    if (winner.index() == 1)
        co_return failed(errc::deadline_passed, "wait");
    co_return std::get<0>(std::move(winner));
}

}  // namespace cohort
