#include <cohort/net/kernel_position.hpp>

#include <cohort/base/try.hpp>

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>

namespace cohort::net {

namespace {

/// tcpi_state, which linux/tcp.h does not name and netinet/tcp.h, which does, would clash with.
enum tcp_state : std::uint8_t {
    fin_wait1 = 4,
    fin_wait2 = 5,
    time_wait = 6,
    closed = 7,
    close_wait = 8,
    last_ack = 9,
    listening = 10,
    closing = 11,
};

bool they_ended(std::uint8_t state) noexcept
{
    return state == close_wait || state == last_ack || state == closing || state == time_wait ||
           state == closed;
}

/// Did we shut down our side? In `closed` nobody asks any more.
bool we_ended(std::uint8_t state) noexcept
{
    return state == fin_wait1 || state == fin_wait2 || state == closing || state == last_ack ||
           state == time_wait;
}

std::optional<int> option(int socket, int name) noexcept
{
    int value = 0;
    socklen_t size = sizeof value;
    if (::getsockopt(socket, SOL_SOCKET, name, &value, &size) == -1)
        return std::nullopt;
    return value;
}

struct look {
    std::uint64_t received = 0;
    std::uint64_t acknowledged = 0;
    std::uint8_t state = 0;
    friend bool operator==(const look&, const look&) = default;
};

result<look> look_at(int socket)
{
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == -1)
        return failed("read TCP_INFO");
    if (size < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return failed(errc::not_supported, "read the bytes received from TCP_INFO");
    return look{info.tcpi_bytes_received, info.tcpi_bytes_acked, info.tcpi_state};
}

struct queues {
    int unread = 0;  // without the peer's FIN
    int unacknowledged = 0;
};

result<queues> queues_of(int socket)
{
    queues seen;
    if (::ioctl(socket, SIOCINQ, &seen.unread) == -1)
        return failed("read SIOCINQ");
    if (::ioctl(socket, SIOCOUTQ, &seen.unacknowledged) == -1)
        return failed("read SIOCOUTQ");
    return seen;
}

kernel_position conclude(const look& seen, const queues& queued) noexcept
{
    kernel_position found{
        .exact = true, .client_ended = they_ended(seen.state), .reset = seen.state == closed};
    // A FIN takes a number of its own in each direction's sequence, and is counted like a byte:
    // theirs as soon as it is here, ours as soon as we asked for it. A reset may have come instead
    // of theirs, so there the count is of no use, and nobody uses it.
    const std::uint64_t not_theirs =
        static_cast<std::uint64_t>(queued.unread) + (found.client_ended ? 1 : 0);
    found.taken = seen.received - std::min(seen.received, not_theirs);
    found.given = seen.acknowledged + static_cast<std::uint64_t>(queued.unacknowledged);
    found.given -= std::min<std::uint64_t>(found.given, we_ended(seen.state) ? 1 : 0);
    return found;
}

/// Segments and acknowledgements arrive every few microseconds at worst, a look takes one, and
/// a peer whose bytes nobody reads runs out of window: the second try nearly always agrees.
constexpr int tries_max = 1000;

result<kernel_position> read_tcp(int socket)
{
    COHORT_TRY(look before, look_at(socket));
    if (before.state == listening)
        return failed(errc::bad_value, "read the positions of a socket that listens");
    for (int tries = 0; tries < tries_max; ++tries) {
        COHORT_TRY(const queues between, queues_of(socket));
        COHORT_TRY(const look after, look_at(socket));
        // The counters only grow, so what is equal at both ends was so in between.
        if (after == before)
            return conclude(after, between);
        before = after;
    }
    return failed(errc::deadline_passed, "read positions of a socket that would not hold still");
}

/// What is known without counters.
result<kernel_position> read_unknown(int socket)
{
    pollfd asked{.fd = socket, .events = POLLRDHUP, .revents = 0};
    if (::poll(&asked, 1, 0) == -1)
        return failed("poll a socket");
    kernel_position found;
    found.reset = (asked.revents & (POLLHUP | POLLERR)) != 0;
    found.client_ended = found.reset || (asked.revents & POLLRDHUP) != 0;
    return found;
}

}  // namespace

result<kernel_position> read_position(int socket)
{
    const std::optional<int> protocol = option(socket, SO_PROTOCOL);
    if (!protocol)
        return failed("read the protocol of a socket");
    // Urgent data that recv() leaves out is counted nevertheless (and what is before it, is not).
    if (*protocol != IPPROTO_TCP || option(socket, SO_OOBINLINE) != 1)
        return read_unknown(socket);
    return read_tcp(socket);
}

}  // namespace cohort::net
