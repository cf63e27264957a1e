#pragma once

#include <cohort/async/tokens.hpp>

#include <boost/asio/cancellation_state.hpp>

namespace cohort {

/// Has this coroutine been asked to stop? Scopes switch off Asio's throw-on-cancel, which makes
/// cancellation an edge: an operation begun after it simply waits. So loops ask each time round:
///
///     const auto stop = co_await asio::this_coro::cancellation_state;
///     while (!stopped(stop)) { … }
[[nodiscard]] inline bool stopped(const asio::cancellation_state& stop) noexcept
{
    return stop.cancelled() != asio::cancellation_type::none;
}

}  // namespace cohort
