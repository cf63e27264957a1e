#include <cohort/net/socket_option.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace cohort::net {

int socket_option(int socket, int level, int name) noexcept
{
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, level, name, &value, &size) == 0 ? value : -1;
}

std::uint64_t cookie_of(int socket) noexcept
{
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    return ::getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

void reset_when_closed(int socket) noexcept
{
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void ask_whether_there(int socket) noexcept
{
    const auto set = [socket](int level, int name, int value) noexcept {
        ::setsockopt(socket, level, name, &value, sizeof value);
    };
    constexpr int pause_s = 30;
    // A network that is away for two minutes is not a client that has left.
    constexpr int unanswered_max = 4;
    set(IPPROTO_TCP, TCP_KEEPIDLE, pause_s);
    set(IPPROTO_TCP, TCP_KEEPINTVL, pause_s);
    set(IPPROTO_TCP, TCP_KEEPCNT, unanswered_max);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
}

std::optional<accept_queue> accept_queue_of(int socket) noexcept
{
    tcp_info seen{};
    socklen_t size = sizeof seen;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &seen, &size) == -1 ||
        seen.tcpi_state != TCP_LISTEN)
        return std::nullopt;
    return accept_queue{.waiting = seen.tcpi_unacked, .room = seen.tcpi_sacked};
}

}  // namespace cohort::net
