#pragma once
// A live connection leaves Asio here, travels as a descriptor, and enters Asio there.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace cohort::ipc {

/// Takes the descriptor out of an Asio socket (or acceptor) of any kind; pending operations end
/// with operation_aborted, the connection stays. Errors: EBADF, it was not open.
template <class Socket>
[[nodiscard]] result<unique_fd> release_descriptor(Socket socket)
{
    error_code ec;
    const auto descriptor = socket.release(ec);
    if (ec)
        return std::unexpected(fault(ec, "release socket"));
    return unique_fd{descriptor};
}

/// A TCP connection as an Asio socket on `executor`. Errors: ENOTSOCK and others, it is no TCP
/// socket; `descriptor` is closed then.
[[nodiscard]] inline result<boost::asio::ip::tcp::socket>
adopt_tcp(boost::asio::any_io_executor executor, unique_fd descriptor)
{
    sockaddr_storage where{};
    socklen_t length = sizeof where;
    if (::getsockname(descriptor.borrow(), reinterpret_cast<sockaddr*>(&where), &length) == -1)
        return failed("adopt connection");
    using boost::asio::ip::tcp;
    if (where.ss_family != AF_INET && where.ss_family != AF_INET6) {
        errno = EAFNOSUPPORT;
        return failed("adopt connection");
    }
    tcp::socket socket{executor};
    error_code ec;
    socket.assign(where.ss_family == AF_INET ? tcp::v4() : tcp::v6(), descriptor.borrow(), ec);
    if (ec)
        return std::unexpected(fault(ec, "adopt connection"));
    static_cast<void>(descriptor.release());
    return socket;
}

}  // namespace cohort::ipc
