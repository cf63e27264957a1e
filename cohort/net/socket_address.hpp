#pragma once
// Between endpoints, which people read, and sockaddr, which the kernel reads.

#include <cohort/base/error.hpp>
#include <cohort/net/endpoint.hpp>

#include <sys/socket.h>

namespace cohort::net {

/// What bind(2) and connect(2) want. A value.
struct socket_address {
    sockaddr_storage storage{};
    socklen_t length = 0;

    [[nodiscard]] const sockaddr* get() const noexcept
    {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
    [[nodiscard]] int family() const noexcept { return storage.ss_family; }
};

/// The address of a tcp, udp or Unix endpoint. "*" becomes [::], which is every address.
/// Errors: errc::bad_value for fd:N, and for a v6 zone that no interface has.
[[nodiscard]] result<socket_address> to_socket_address(const endpoint& where);

/// The endpoint at an address the kernel gave us. `type` is SOCK_STREAM or SOCK_DGRAM. IPv4
/// addresses mapped into IPv6 come out as IPv4.
[[nodiscard]] endpoint to_endpoint(const socket_address& address, int type);

/// Where a socket of ours is bound: the real port after port 0. A dual-stack socket on every
/// address is "*". Errors: EBADF, ENOTSOCK.
[[nodiscard]] result<endpoint> local_endpoint(int socket);

/// Who is at the other end of a connection. Costs a system call and an allocation: ask when
/// somebody wants to know, not at every accept. Errors: ENOTCONN, the peer is gone.
[[nodiscard]] result<endpoint> peer_endpoint(int socket);

}  // namespace cohort::net
