#include <cohort/ipc/cargo.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/ipc/frame.hpp>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace cohort::ipc {

namespace {

/// Room for the most descriptors that the kernel lets one write carry.
struct alignas(cmsghdr) control_room {
    std::array<char, CMSG_SPACE(cargo_max * sizeof(int))> bytes;
};

void put_descriptors(msghdr& message, control_room& room, std::span<const unique_fd> cargo)
{
    COHORT_ASSERT(cargo.size() <= cargo_max);
    const std::size_t payload = cargo.size() * sizeof(int);
    message.msg_control = room.bytes.data();
    message.msg_controllen = CMSG_SPACE(payload);
    std::memset(room.bytes.data(), 0, CMSG_SPACE(payload));

    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(payload);
    auto* into = CMSG_DATA(head);
    for (const unique_fd& one : cargo) {
        const int number = one.borrow();
        std::memcpy(into, &number, sizeof number);
        into += sizeof number;
    }
}

void take_descriptors(msghdr& message, parcel& into)
{
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
         head = CMSG_NXTHDR(&message, head))
    {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        into.descriptors.reserve(into.descriptors.size() + count);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(head) + i * sizeof number, sizeof number);
            into.descriptors.emplace_back(number);
        }
    }
}

}  // namespace

result<std::size_t> send_some(int socket, std::span<const iovec> bytes,
                              std::span<const unique_fd> cargo)
{
    control_room room;  // not initialised: only what is used gets written
    msghdr message{};
    // sendmsg(2) does not write through this pointer; its type is older than const.
    message.msg_iov = const_cast<iovec*>(bytes.data());
    message.msg_iovlen = bytes.size();
    if (!cargo.empty())
        put_descriptors(message, room, cargo);

    for (;;) {
        const auto n = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0)
            return static_cast<std::size_t>(n);
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return std::size_t{0};
        if (errno != EINTR)
            return failed("send on channel");
    }
}

result<arrival> receive_some(int socket, std::span<iovec> into, std::deque<parcel>& parcels)
{
    control_room room;
    msghdr message{};
    message.msg_iov = into.data();
    message.msg_iovlen = into.size();
    message.msg_control = room.bytes.data();
    message.msg_controllen = room.bytes.size();

    ssize_t n = -1;
    do {
        n = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (n == -1 && errno == EINTR);

    if (n == -1) {
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return arrival{};
        return failed("receive on channel");
    }

    // A torn delivery may bring no control message at all, only the flag. It still is a parcel:
    // its frame must not take the next one's descriptors.
    const auto torn = (message.msg_flags & MSG_CTRUNC) != 0;
    if (message.msg_controllen != 0 || torn) {
        parcel came;
        came.torn = torn;
        take_descriptors(message, came);
        if (torn || !came.descriptors.empty())
            parcels.push_back(std::move(came));
    }
    if (n == 0)
        return arrival{.what = arrival::state::end, .bytes = 0};
    return arrival{.what = arrival::state::bytes, .bytes = static_cast<std::size_t>(n)};
}

}  // namespace cohort::ipc
