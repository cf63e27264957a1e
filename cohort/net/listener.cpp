#include <cohort/net/listener.hpp>

#include <cohort/base/try.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/net/socket_option.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace cohort::net {

namespace {

using family = endpoint::family;

/// What the kernel takes of an answer that it cannot send yet. What is on its way is not among it,
/// so this slows nobody down who reads; without it a client that reads none of a long answer would
/// have 4 MB of kernel memory (tcp_wmem), and our time to fill it and to free it again. A thousand
/// of them come and are cut in a few seconds, while others wait for their answers.
constexpr int unsent_bytes_max = 128 * 1024;

std::unexpected<fault> refused(const endpoint& where) { return failed("listen on", where.text()); }

std::unexpected<fault> refused(int error, const endpoint& where, std::string_view why)
{
    const error_code code{error, boost::system::system_category()};
    return std::unexpected(fault(code, "listen on", fmt::format("{} ({})", where.text(), why)));
}

bool set(const unique_fd& socket, int level, int option, int value) noexcept
{
    return ::setsockopt(socket.borrow(), level, option, &value, sizeof value) == 0;
}

/// Urgent data stays in the stream, also of every connection that will be accepted: kernel_position
/// counts bytes, and those that recv() leaves out would be counted as taken.
bool keep_urgent(const unique_fd& socket) noexcept
{
    return set(socket, SOL_SOCKET, SO_OOBINLINE, 1);
}

/// Is a server behind this socket file? A plain connect tells: the kernel refuses it when nobody
/// listens. Everything but that refusal means that somebody does, or that we must not judge.
bool somebody_serves(const socket_address& address) noexcept
{
    const unique_fd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!probe.valid())
        return true;
    return ::connect(probe.borrow(), address.get(), address.length) == 0 || errno != ECONNREFUSED;
}

/// Takes away what a dead server left. Not a file of any other kind: connect() refuses those with
/// the same ECONNREFUSED, and a typing error in a path must not cost anybody a file.
bool remove_stale_file(const endpoint& where, const socket_address& address) noexcept
{
    struct stat file{};
    if (where.kind() != family::unix_path || ::lstat(where.path().c_str(), &file) == -1 ||
        !S_ISSOCK(file.st_mode) || somebody_serves(address))
        return false;
    return ::unlink(where.path().c_str()) == 0;
}

result<> bind_to(const unique_fd& socket, const endpoint& where, const socket_address& address,
                 const listen_options& how)
{
    if (::bind(socket.borrow(), address.get(), address.length) == -1) {
        const int why = errno;
        if (why != EADDRINUSE || !remove_stale_file(where, address)) {
            errno = why;
            return refused(where);
        }
        if (::bind(socket.borrow(), address.get(), address.length) == -1)
            return refused(where);
    }
    // Before listen(): until then nobody can connect, so the wider permissions never show.
    if (how.unix_mode && where.kind() == family::unix_path &&
        ::chmod(where.path().c_str(), *how.unix_mode) == -1)
    {
        const int why = errno;
        ::unlink(where.path().c_str());
        errno = why;
        return refused(where);
    }
    return {};
}

result<unique_fd> open_socket(const endpoint& where, const socket_address& address,
                              const listen_options& how)
{
    const bool stream = where.kind() != family::udp;
    const int type = (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
    unique_fd socket{::socket(address.family(), type, 0)};
    if (!socket.valid())
        return refused(where);

    if (address.family() != AF_UNIX) {
        // For streams it lets a restarted server have its port back while old connections linger
        // in TIME_WAIT. For datagrams it would let two servers share a port by accident.
        bool set_all =
            !stream ||
            (set(socket, SOL_SOCKET, SO_REUSEADDR, 1) && set(socket, IPPROTO_TCP, TCP_NODELAY, 1) &&
             set(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent_bytes_max) && keep_urgent(socket));
        if (address.family() == AF_INET6)
            set_all = set_all && set(socket, IPPROTO_IPV6, IPV6_V6ONLY, how.v6_only ? 1 : 0);
        if (how.reuse_port)
            set_all = set_all && set(socket, SOL_SOCKET, SO_REUSEPORT, 1);
        if (!set_all)
            return refused(where);
    }
    COHORT_TRY(bind_to(socket, where, address, how));
    if (stream && ::listen(socket.borrow(), how.backlog) == -1)
        return refused(where);
    return socket;
}

/// A socket this process was given: systemd, a parent, or a test made it.
result<unique_fd> adopt(const endpoint& where)
{
    unique_fd given{::fcntl(where.descriptor(), F_DUPFD_CLOEXEC, 3)};
    if (!given.valid())
        return refused(where);
    const int type = socket_option(given.borrow(), SOL_SOCKET, SO_TYPE);
    if (type == -1)
        return refused(where);
    if (type == SOCK_STREAM && socket_option(given.borrow(), SOL_SOCKET, SO_ACCEPTCONN) != 1)
        return refused(EINVAL, where, "a stream socket that does not listen");
    if (type != SOCK_STREAM && type != SOCK_DGRAM)
        return refused(EINVAL, where, "neither a stream nor a datagram socket");

    if (type == SOCK_STREAM && !keep_urgent(given))
        return refused(where);
    // Connections inherit it. Sockets that know no TCP refuse, and need it as little.
    if (type == SOCK_STREAM) {
        static_cast<void>(set(given, IPPROTO_TCP, TCP_NODELAY, 1));
        static_cast<void>(set(given, IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent_bytes_max));
    }

    const int flags = ::fcntl(given.borrow(), F_GETFL);
    if (flags == -1 || ::fcntl(given.borrow(), F_SETFL, flags | O_NONBLOCK) == -1)
        return refused(where);
    return given;
}

}  // namespace

result<unique_fd> open_listener(const endpoint& where, const listen_options& how)
{
    if (where.kind() == family::descriptor)
        return adopt(where);

    COHORT_TRY(const socket_address address, to_socket_address(where));
    auto socket = open_socket(where, address, how);
    const bool no_v6 = !socket && (socket.error().why().value() == EAFNOSUPPORT ||
                                   socket.error().why().value() == EADDRNOTAVAIL);
    if (no_v6 && where.host() == "*" && !how.v6_only) {
        // A kernel without IPv6, or one where it is switched off: "every address" is then v4 only.
        COHORT_TRY(const socket_address v4,
                   to_socket_address(endpoint::internet(where.kind(), "0.0.0.0", where.port())));
        return open_socket(where, v4, how);
    }
    return socket;
}

unix_socket_file::unix_socket_file(unix_socket_file&& other) noexcept
    : path_{std::exchange(other.path_, {})}, device_{other.device_}, inode_{other.inode_}
{}

unix_socket_file& unix_socket_file::operator=(unix_socket_file&& other) noexcept
{
    if (this != &other) {
        remove();
        path_ = std::exchange(other.path_, {});
        device_ = other.device_;
        inode_ = other.inode_;
    }
    return *this;
}

result<unix_socket_file> unix_socket_file::of(const endpoint& where)
{
    unix_socket_file made;
    if (where.kind() != family::unix_path)
        return made;
    struct stat file{};
    if (::lstat(where.path().c_str(), &file) == -1)
        return failed("look at the socket file", where.path());
    made.path_ = where.path();
    made.device_ = file.st_dev;
    made.inode_ = file.st_ino;
    return made;
}

void unix_socket_file::remove() noexcept
{
    if (path_.empty())
        return;
    struct stat file{};
    if (::lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == inode_)
        ::unlink(path_.c_str());
    path_.clear();
}

}  // namespace cohort::net
