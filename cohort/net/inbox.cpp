#include <cohort/net/inbox.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <array>
#include <cstring>
#include <type_traits>

namespace cohort::net {

namespace {

static_assert(std::is_trivially_copyable_v<handover>);
static_assert(sizeof(handover) == 48, "no padding: it travels as it is, between our own processes");

/// Room for one descriptor beside a message, aligned as CMSG_* want it.
struct alignas(cmsghdr) cargo_space {
    std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

bool again_later(int error) noexcept
{
    // ETOOMANYREFS: this user has RLIMIT_NOFILE descriptors in flight already (unix(7)).
    return error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == ETOOMANYREFS;
}

/// The descriptor that came with a message, if one did.
unique_fd unpack(const msghdr& message) noexcept
{
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(const_cast<msghdr*>(&message), part))
    {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
            part->cmsg_len == CMSG_LEN(sizeof(int)))
        {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part), sizeof fd);
            return unique_fd{fd};
        }
    }
    return {};
}

/// One receive, with room for one descriptor. A value that is filled in place.
struct reception {
    arrival found;
    ssize_t bytes = -1;
    int flags = 0;

    void receive(int take_end, int how) noexcept
    {
        iovec part{.iov_base = &found.about, .iov_len = sizeof found.about};
        cargo_space space;
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = space.bytes.data();
        message.msg_controllen = space.bytes.size();
        do {
            bytes = ::recvmsg(take_end, &message, how | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        } while (bytes == -1 && errno == EINTR);
        if (bytes > 0)
            found.connection = unpack(message);
        flags = message.msg_flags;
    }

    [[nodiscard]] bool whole() const noexcept
    {
        return bytes == sizeof found.about && (flags & MSG_TRUNC) == 0;
    }
};

}  // namespace

result<inbox_pair> make_inbox()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == -1)
        return failed("make an inbox");
    inbox_pair pair;
    pair.give.reset(ends[0]);
    pair.take.reset(ends[1]);
    return pair;
}

result<> give(int give_end, unique_fd& connection, const handover& about)
{
    handover body = about;
    iovec part{.iov_base = &body, .iov_len = sizeof body};
    cargo_space space;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = space.bytes.data();
    message.msg_controllen = space.bytes.size();

    cmsghdr* const cargo = CMSG_FIRSTHDR(&message);
    cargo->cmsg_level = SOL_SOCKET;
    cargo->cmsg_type = SCM_RIGHTS;
    cargo->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = connection.borrow();
    std::memcpy(CMSG_DATA(cargo), &fd, sizeof fd);

    ssize_t sent = -1;
    do {
        sent = ::sendmsg(give_end, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent == -1 && errno == EINTR);

    if (sent == -1) {
        const int why = errno;
        if (again_later(why))
            return failed(errc::queue_full, "hand a connection to a slot");
        if (why == EPIPE || why == ECONNRESET)
            return failed(errc::channel_closed, "hand a connection to a slot");
        errno = why;
        return failed("hand a connection to a slot");
    }
    connection.reset();
    return {};
}

result<std::optional<arrival>> take(int take_end)
{
    // Looking first, because a plain receive in a process that is out of descriptors takes the
    // message and closes the connection in it. Looking makes a descriptor, too, or fails to, and
    // leaves the message where it is.
    reception seen;
    seen.receive(take_end, MSG_PEEK);
    if (seen.bytes == -1) {
        if (errno == EAGAIN)
            return std::nullopt;
        return failed("take a connection from the inbox");
    }
    if (seen.bytes == 0)
        return failed(errc::channel_closed, "take a connection from the inbox");
    if (seen.whole() && !seen.found.connection.valid() && (seen.flags & MSG_CTRUNC) != 0) {
        errno = EMFILE;
        return failed("take a connection from the inbox");
    }

    // Another process may take from the same inbox (the primary does, when a worker does not get
    // to it). Then what we receive now is not what we have seen, and it is what we receive that is
    // ours: both would have the one, and nobody the other. For that a second descriptor must be
    // free: a message that finds none loses its connection.
    if (const auto spare = duplicate(take_end); !spare) {
        errno = spare.error().why().value();
        return failed("take a connection from the inbox");
    }
    reception got;
    got.receive(take_end, 0);
    if (got.bytes == -1 && errno == EAGAIN)
        return std::nullopt;
    if (got.bytes <= 0)
        return failed("take a connection from the inbox");
    const bool as_seen = got.whole() && seen.whole() && got.found.about == seen.found.about;
    if (as_seen && !got.found.connection.valid())
        got.found.connection = std::move(seen.found.connection);  // the last descriptor there was
    if (!got.whole() || !got.found.connection.valid())
        return failed(errc::malformed, "take a connection from the inbox");
    return std::move(got.found);
}

}  // namespace cohort::net
