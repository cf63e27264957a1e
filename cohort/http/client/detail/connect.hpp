#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/client/detail/resolve.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>

namespace cohort::http::detail {

/// The order in which addresses are tried: the resolver's, but the two families take turns, so that
/// one that leads nowhere costs one head start and not many.
///
/// Source: RFC 8305, 4.
[[nodiscard]] endpoints in_turns(endpoints found);

/// How addresses compete. A value.
struct connect_rules {
    /// Before the next address is tried as well; it does not wait for one that has failed.
    nanoseconds head_start = milliseconds{250};
    std::size_t at_once_max = 8;
};

/// Connects `into`, on its own executor, to the first of these that answers. `to` is not empty.
/// Errors: of connect(2), the last one's, when all have failed; errc::cancelled.
/// Deadline: the caller's; an address that says nothing is waited for as long as that. Cancel:
/// total.
///
/// Source: RFC 8305, 5.
[[nodiscard]] awaitable<result<>> connect_to_first(asio::ip::tcp::socket& into, endpoints to,
                                                   connect_rules rules = {});

}  // namespace cohort::http::detail
