#pragma once

#include <cohort/base/error.hpp>

#include <cstdint>

namespace cohort::net {

/// What the kernel says was taken from a stream socket and given to it, in bytes of the stream
/// since it was opened. A value.
struct kernel_position {
    bool exact = false;      ///< TCP. Otherwise (Unix) taken and given mean nothing.
    std::uint64_t taken = 0;
    std::uint64_t given = 0;
    bool client_ended = false;  ///< The peer's FIN is here, or everything is closed.
    bool reset = false;         ///< Closed on both sides, or reset: nothing can be sent any more.
};

/// Reads TCP_INFO, SIOCINQ and SIOCOUTQ until two looks agree (the peer's ACKs go on meanwhile).
/// Errors: of getsockopt(2): ENOTCONN and the like. A Unix stream is no error: exact is false.
/// Source: tcp(7), include/uapi/linux/tcp.h; checked at start by process self_test.
[[nodiscard]] result<kernel_position> read_position(int socket);

}  // namespace cohort::net
