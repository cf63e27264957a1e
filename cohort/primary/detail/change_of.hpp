#pragma once

#include <cohort/async/deadline.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/primary/supervisor.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace cohort::primary::detail {

/// Completes at the next change of a worker, or at `until`; steady_time::max(): when an hour is
/// over. Wait in a loop.
[[nodiscard]] inline awaitable<> change_of(supervisor& workers, steady_time until)
{
    const auto waiting = [](supervisor& of) -> awaitable<result<>> {
        co_await of.change();
        co_return result<>{};
    };
    auto wait = waiting(workers);
    const nanoseconds left =
        until == steady_time::max() ? std::chrono::hours{1} : nanoseconds{until - now()};
    static_cast<void>(
        co_await with_deadline(std::move(wait), std::max<nanoseconds>(left, milliseconds{1})));
}

}  // namespace cohort::primary::detail
