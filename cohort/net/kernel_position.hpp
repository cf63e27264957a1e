#pragma once

#include <cohort/base/error.hpp>

#include <cstdint>

namespace cohort::net {

/// What the kernel says was taken from a stream socket and given to it, in bytes of the stream
/// since it was opened. A value.
struct kernel_position {
    bool exact = false;  ///< TCP. Otherwise (Unix) taken and given mean nothing.
    std::uint64_t taken = 0;
    std::uint64_t given = 0;
    bool client_ended = false;  ///< The peer's FIN is here, or everything is closed.
    bool reset = false;         ///< Closed on both sides, or reset: nothing can be sent any more.

    friend bool operator==(const kernel_position&, const kernel_position&) = default;
};

/// Reads TCP_INFO, SIOCINQ and SIOCOUTQ until two looks agree (the peer's ACKs go on meanwhile).
///
/// For sockets that were accepted: on the side that connected, the kernel counts the SYN as given.
/// The socket has SO_OOBINLINE, which open_listener() sets and accept(2) inherits: otherwise urgent
/// data would be counted that no recv() returns. A socket without it is not exact.
///
/// Errors: of getsockopt(2): EBADF, ENOTSOCK; errc::deadline_passed: no two looks agreed (again).
///         A Unix stream is no error: exact is false, the rest is what poll(2) knows.
/// Source: tcp(7), tcp_get_info() and tcp_ioctl() in net/ipv4/tcp.c; checked at start by process
///         self_test.
[[nodiscard]] result<kernel_position> read_position(int socket);

}  // namespace cohort::net
