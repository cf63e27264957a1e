#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/net/endpoint.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::primary {

/// The status in the first bytes of an answer: "HTTP/1.1 204 No Content". Nothing: it is none.
[[nodiscard]] std::optional<int> status_of(std::string_view answer) noexcept;

/// Asks `GET path` there once, over a connection of its own, and returns the status. Nothing more
/// of the answer is read.
/// Errors: errno of the connection; errc::malformed, no HTTP; errc::deadline_passed. Cancel: total.
[[nodiscard]] awaitable<result<int>> ask_over_http(net::endpoint where, std::string path,
                                                   nanoseconds budget);

/// The same over TCP, where several accept, and one of them is meant: nothing is said before
/// somebody has accepted it. `heard`: by whom it was meant for? Asked with the port of our end
/// every 20 ms until there is an answer.
/// Errors: also errc::no_such_worker, somebody else has heard it.
using hearing = std::function<std::optional<bool>(std::uint16_t our_port)>;
[[nodiscard]] awaitable<result<int>> ask_one_over_http(net::endpoint where, std::string path,
                                                       hearing heard, nanoseconds budget);

/// The same over a connection that is there. Errors: likewise.
[[nodiscard]] awaitable<result<int>> ask_over_connection(unique_fd connection, std::string path,
                                                         nanoseconds budget);

}  // namespace cohort::primary
