#include <cohort/primary/salvage.hpp>

#include <cohort/net/kernel_position.hpp>
#include <cohort/net/socket_address.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace cohort::primary {

using board::parcel_note;
using board::parcel_stage;

namespace {

constexpr std::size_t cargo_most = 253;  // descriptors that the kernel lets travel in one message

int option(int socket, int name) noexcept
{
    int value = -1;
    socklen_t length = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

/// A connected stream socket; no door, and no other thing.
bool is_stream(int fd) noexcept
{
    return option(fd, SO_TYPE) == SOCK_STREAM && option(fd, SO_ACCEPTCONN) == 0;
}

/// One end of a pair: a Unix socket whose own end has no name. Accepted ones have their door's.
bool is_of_a_pair(int socket) noexcept
{
    sockaddr_un address{};
    socklen_t length = sizeof address;
    return ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
           address.sun_family == AF_UNIX && length <= offsetof(sockaddr_un, sun_path);
}

/// Reads what was never read, for the descriptors in it.
std::vector<unique_fd> cargo_in(const unique_fd& channel)
{
    std::vector<unique_fd> found;
    std::vector<char> bytes(std::size_t{64} << 10);
    alignas(cmsghdr) std::array<char, CMSG_SPACE(cargo_most * sizeof(int))> room{};
    for (;;) {
        iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = room.data();
        message.msg_controllen = room.size();
        const auto got = ::recvmsg(channel.borrow(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got == -1 && errno == EINTR)
            continue;
        if (got <= 0)
            return found;
        for (cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
            if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
                continue;
            const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (std::size_t i = 0; i < count; ++i) {
                int fd = -1;
                std::memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
                found.emplace_back(fd);
            }
        }
    }
}

}  // namespace

std::uint32_t salvage::endpoint_of(int socket) const
{
    const auto local = net::local_endpoint(socket);
    if (!local)
        return 0;
    const auto takes = [&](const net::endpoint& door) {
        if (door.kind() != local->kind())
            return false;
        if (local->kind() != net::endpoint::family::tcp)
            return door == *local;
        const bool every = door.host() == "*" || door.host() == "::" || door.host() == "0.0.0.0";
        return door.port() == local->port() && (every || door.host() == local->host());
    };
    for (const auto& [number, each] : doors_.all()) {
        if (!each->datagrams() && takes(each->real))
            return number;
    }
    return 0;
}

bool salvage::is_ours(int number, parcel_note note) const noexcept
{
    const auto which = static_cast<board::ticket>(note.ticket);
    switch (note.stage) {
        case parcel_stage::done:
            return false;
        case parcel_stage::dealt:
            return tickets_.revoke(which);
        case parcel_stage::waiting:
            return note.ticket == 0 || tickets_.hold(which);
        case parcel_stage::none:
            break;
    }
    // Accepted and not noted yet; unless somebody talked over it, and only left his copy here.
    const auto at = net::read_position(number);
    return at && (!at->exact || (at->taken == 0 && at->given == 0));
}

std::optional<parcel> salvage::judge(unique_fd found) const
{
    const int number = found.borrow();
    const parcel_note note = book_.parcel(number);
    parcel mine;
    mine.endpoint = is_stream(number) ? endpoint_of(number) : 0;
    const bool ours = mine.endpoint != 0 && is_ours(number, note);
    if (ours) {
        mine.connection = std::move(found);
        mine.accepted = now();
        if (const auto at = net::read_position(number);
            at && at->exact && (at->taken != 0 || at->given != 0))
            mine.served = {.any = true, .taken = at->taken, .given = at->given, .requests = 1};
    } else {
        found.reset();
    }
    // The note first, the ticket afterwards: what was decided stays decided until then.
    book_.note(number, ours ? parcel_note{.stage = parcel_stage::waiting,
                                          .endpoint = static_cast<std::uint16_t>(mine.endpoint)}
                            : parcel_note{});
    if (note.ticket != 0)
        tickets_.settle(static_cast<board::ticket>(note.ticket));
    if (!ours)
        return std::nullopt;
    return mine;
}

std::vector<parcel> salvage::sort(const std::vector<int>& left_open)
{
    std::vector<parcel> found;
    for (const int each : left_open) {
        unique_fd owned{each};
        if (is_stream(each) && is_of_a_pair(each))
            channels_.push_back(std::move(owned));
        else if (auto mine = judge(std::move(owned)))
            found.push_back(*std::move(mine));
    }
    // Offered, and the note about it was not written: nobody has it, and nobody can win it.
    for (const auto& each : tickets_.under_way(board::tickets::from_primary)) {
        if (each.now == board::passage::offered && tickets_.revoke(each.which))
            tickets_.settle(each.which);
    }
    return found;
}

std::vector<parcel> salvage::close_channels()
{
    std::vector<parcel> found;
    for (const unique_fd& channel : std::exchange(channels_, {})) {
        for (unique_fd& each : cargo_in(channel)) {
            if (auto mine = judge(std::move(each)))
                found.push_back(*std::move(mine));
        }
    }
    return found;
}

}  // namespace cohort::primary
