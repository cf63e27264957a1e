#include <cohort/net/accept.hpp>

#include <sys/socket.h>

#include <cerrno>

namespace cohort::net {

accept_verdict weigh_accept_error(int error) noexcept
{
    switch (error) {
        case EAGAIN:
            return accept_verdict::empty;
        case ECONNABORTED:
        case EINTR:
        // accept(2): Linux passes pending network errors of the new socket on; treat them as EAGAIN
        // by trying again.
        case EPROTO:
        case ENETDOWN:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EPERM:  // a firewall rule forbade this client
        case ETIMEDOUT:
            return accept_verdict::client_left;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return accept_verdict::exhausted;
        default:
            return accept_verdict::broken;
    }
}

accept_outcome accept_one(int listener) noexcept
{
    accept_outcome outcome;
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd != -1) {
        outcome.verdict = accept_verdict::accepted;
        outcome.connection.reset(fd);
        return outcome;
    }
    outcome.verdict = weigh_accept_error(errno);
    outcome.why = last_errno();
    return outcome;
}

}  // namespace cohort::net
