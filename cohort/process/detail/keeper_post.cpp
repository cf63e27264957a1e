#include <cohort/process/detail/keeper_post.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cohort::process::detail {

void keeper_post::put(const keeper_note& note, cargo with) noexcept
{
    // Of what only says how things are, the latest is enough.
    const bool state =
        note.what == keeper_note::kind::shortage || note.what == keeper_note::kind::waiting;
    for (std::size_t i = 0; state && i < count_; ++i) {
        if (entries_[i].note.what == note.what) {
            remove(i);
            break;
        }
    }
    if (count_ < notes_max)
        entries_[count_++] = {note, with};
}

bool keeper_post::cancel_birth(int pid) noexcept
{
    for (std::size_t i = 0; i < count_; ++i) {
        const keeper_note& note = entries_[i].note;
        if (note.what == keeper_note::kind::born && note.pid == pid) {
            remove(i);
            return true;
        }
    }
    return false;
}

void keeper_post::remove(std::size_t index) noexcept
{
    std::copy(entries_.begin() + static_cast<std::ptrdiff_t>(index) + 1,
              entries_.begin() + static_cast<std::ptrdiff_t>(count_),
              entries_.begin() + static_cast<std::ptrdiff_t>(index));
    --count_;
}

keeper_post::outcome keeper_post::send(int line, const entry& what) noexcept
{
    keeper_note note = what.note;
    iovec bytes{&note, sizeof note};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    const int cargo[2] = {what.with.channel, what.with.pidfd};
    alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(sizeof cargo)> room{};
    if (what.with.channel != -1) {
        message.msg_control = room.data();
        message.msg_controllen = room.size();
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof cargo);
        std::memcpy(CMSG_DATA(head), cargo, sizeof cargo);
    }
    for (;;) {
        if (::sendmsg(line, &message, MSG_DONTWAIT | MSG_NOSIGNAL) != -1)
            return outcome::told;
        switch (errno) {
            case EINTR:
                continue;
            case EAGAIN:
                return outcome::no_room;
            case EPIPE:
            case ECONNRESET:
            case ENOTCONN:
            case EBADF:
            case ENOTSOCK:
                return outcome::line_over;
            default:
                // ETOOMANYREFS, ENOBUFS, ENOMEM: no poll would tell when they are over.
                return outcome::again_later;
        }
    }
}

}  // namespace cohort::process::detail
