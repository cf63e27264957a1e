#pragma once

#include <cstdint>

namespace cohort::http {

/// Which request of which connection this is: the same for each process that comes to run it, after
/// the death of another too. A value, attached to requests by the server, over HTTP/1.1, if
/// anybody wants it.
struct request_serial {
    std::uint64_t connection;  ///< The kernel's number of the socket: SO_COOKIE, socket(7).
    std::uint64_t position;    ///< Of the request's first byte in all that the client has sent.

    /// Has servers attach it from now on, in this process and in those that are born of it.
    static void want() noexcept;
    [[nodiscard]] static bool wanted() noexcept;
};

}  // namespace cohort::http
