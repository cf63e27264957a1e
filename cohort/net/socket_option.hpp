#pragma once

#include <cstdint>
#include <optional>

namespace cohort::net {

/// The value of an option that is a number; -1: this descriptor has no such option. getsockopt(2).
[[nodiscard]] int socket_option(int socket, int level, int name) noexcept;

/// The number that a socket has in every process; 0: it is none. Source: socket(7), SO_COOKIE.
[[nodiscard]] std::uint64_t cookie_of(int socket) noexcept;

/// From now on a close is a reset: the client must not take what it has for the whole. Unix sockets
/// know no reset, and stay as they are.
void reset_when_closed(int socket) noexcept;

/// From now on a client that is silent is asked by the kernel, twice a minute, whether it is there.
/// One that has closed its socket altogether looks like one that waits, for the minute in which its
/// own kernel keeps what is left of the connection (tcp_fin_timeout); then it answers with a reset.
/// Nobody sees these questions but kernels. Source: tcp(7), TCP_KEEPIDLE.
void ask_whether_there(int socket) noexcept;

/// Connections that wait to be accepted. A value.
struct accept_queue {
    std::uint32_t waiting = 0;
    std::uint32_t room = 0;  ///< More than so many are turned away by the kernel.
};

/// Of a listening TCP socket. Nothing: it is no such one. Source: tcp_diag; tcp_get_info() in the
/// kernel, which says it in tcpi_unacked and tcpi_sacked.
[[nodiscard]] std::optional<accept_queue> accept_queue_of(int socket) noexcept;

}  // namespace cohort::net
