#include <cohort/primary/salvage.hpp>

#include <cohort/ipc/cargo.hpp>
#include <cohort/net/kernel_position.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/net/socket_option.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <iterator>
#include <utility>

namespace cohort::primary {

using board::parcel_note;
using board::parcel_stage;

namespace {

/// A connected stream socket; no door, and no other thing.
bool is_stream(int fd) noexcept
{
    return net::socket_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM &&
           net::socket_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0;
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
    std::array<iovec, 1> room{iovec{.iov_base = bytes.data(), .iov_len = bytes.size()}};
    std::deque<ipc::parcel> parcels;
    for (;;) {
        const auto got = ipc::receive_some(channel.borrow(), room, parcels);
        if (!got || got->what != ipc::arrival::state::bytes)
            return found;
        for (ipc::parcel& each : parcels)
            std::ranges::move(each.descriptors, std::back_inserter(found));
        parcels.clear();
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
