#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace cohort::http::detail {

using endpoints = std::vector<asio::ip::tcp::endpoint>;

/// The addresses of a host, which may be one itself. Asio asks the system on a thread of its own,
/// made with the first question: no process that forks afterwards may call this with a name.
/// Errors: of the resolver; errc::deadline_passed; errc::cancelled. Cancel: total; the question
/// goes on by itself and its answer is dropped.
[[nodiscard]] awaitable<result<endpoints>> resolve(asio::any_io_executor loop, std::string host,
                                                   std::uint16_t port, nanoseconds budget);

}  // namespace cohort::http::detail
