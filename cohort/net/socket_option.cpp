#include <cohort/net/socket_option.hpp>

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

}  // namespace cohort::net
