#pragma once
// Asio's vocabulary, as this project uses it.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cohort {

namespace asio = boost::asio;

/// A coroutine that runs on an event loop: Asio's, so that Asio's own operations can be awaited
/// inside it.
template <class T = void>
using awaitable = asio::awaitable<T>;

/// The same under the name that programs use.
template <class T = void>
using task = asio::awaitable<T>;

/// Makes an operation return its error code instead of throwing it:
/// `auto [ec, n] = co_await socket.async_read_some(buffer, use_tuple);`
inline constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

}  // namespace cohort
