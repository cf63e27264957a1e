#include <cohort/process/notify_socket.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace cohort::process {

namespace {

/// Messages that are read without letting others use the loop.
constexpr unsigned in_a_row_most = 32;

/// The most that the kernel lets one message carry (SCM_MAX_FD).
constexpr std::size_t descriptors_most = 253;

struct alignas(cmsghdr) control_room {
    std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(descriptors_most * sizeof(int))> bytes;
};

bool is_abstract(const std::string& where) noexcept { return where.starts_with('@'); }

void remove_socket(const std::string& path) noexcept
{
    struct stat found{};
    if (::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode))
        ::unlink(path.c_str());
}

struct envelope {
    received_notice who;  // without words
    bool signed_ = false;
};

envelope read_envelope(msghdr& message)
{
    envelope read;
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET)
            continue;
        const unsigned char* at = CMSG_DATA(head);
        const std::size_t bytes = head->cmsg_len - CMSG_LEN(0);
        if (head->cmsg_type == SCM_CREDENTIALS && bytes == sizeof(ucred)) {
            ucred who{};
            std::memcpy(&who, at, sizeof who);
            read.who.from = who.pid;
            read.who.user = who.uid;
            read.signed_ = true;
        }
        for (std::size_t i = 0; head->cmsg_type == SCM_RIGHTS && i < bytes / sizeof(int); ++i) {
            int fd = -1;
            std::memcpy(&fd, at + i * sizeof fd, sizeof fd);
            read.who.descriptors.emplace_back(fd);
        }
    }
    read.who.torn = (message.msg_flags & MSG_CTRUNC) != 0;
    return read;
}

std::unexpected<fault> refused(pid_t from, const fault& why)
{
    return std::unexpected(
        fault(why.why(), "read a notice", fmt::format("of process {} ({})", from, why.doing())));
}

/// Nothing: there is none now.
result<std::optional<received_notice>> receive(int fd, std::optional<uid_t> only)
{
    std::array<char, notice_bytes_max> bytes;
    control_room room;
    iovec into{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    message.msg_control = room.bytes.data();
    message.msg_controllen = room.bytes.size();
    ssize_t got = -1;
    do {
        got = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got == -1 && errno == EINTR);
    if (got == -1 && errno == EAGAIN)
        return std::nullopt;
    if (got == -1)
        return failed("read notices");

    envelope read = read_envelope(message);
    if (!read.signed_)
        return failed(errc::malformed, "read a notice that nobody signed");
    if (only && read.who.user != *only && read.who.user != 0)
        return failed(errc::bad_value, "heed a notice",
                      fmt::format("of user {}, process {}", read.who.user, read.who.from));
    if ((message.msg_flags & MSG_TRUNC) != 0)
        return refused(read.who.from, fault(errc::too_large, "over 4,096 bytes"));
    auto words = parse_notice({bytes.data(), static_cast<std::size_t>(got)});
    if (!words)
        return refused(read.who.from, words.error());
    read.who.words = *std::move(words);
    return std::move(read.who);
}

result<unique_fd> bind_at(const std::string& where)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (where.empty() || where.size() >= sizeof address.sun_path ||
        where.find('\0') != std::string::npos || (!is_abstract(where) && where[0] != '/'))
        return failed(errc::bad_value, "hear notices at", where);
    std::memcpy(address.sun_path, where.data(), where.size());
    auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where.size());
    if (is_abstract(where)) {
        address.sun_path[0] = '\0';
    } else {
        ++length;
        remove_socket(where);
    }
    unique_fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd.valid())
        return failed("hear notices at", where);
    // Before it has an address: every message that ever lies in it is signed.
    const int yes = 1;
    if (::setsockopt(fd.borrow(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == -1 ||
        ::bind(fd.borrow(), reinterpret_cast<const sockaddr*>(&address), length) == -1)
        return failed("hear notices at", where);
    if (!is_abstract(where) && ::chmod(where.c_str(), 0666) == -1)
        return failed("let programs write to", where);
    return fd;
}

}  // namespace

notify_socket::notify_socket(asio::posix::stream_descriptor fd, std::string where) noexcept
    : fd_{std::move(fd)}, where_{std::move(where)}
{}

notify_socket::notify_socket(notify_socket&& other) noexcept
    : fd_{std::move(other.fd_)},
      where_{std::exchange(other.where_, {})},
      in_a_row_{other.in_a_row_},
      only_{other.only_}
{}

notify_socket::~notify_socket()
{
    if (!where_.empty() && !is_abstract(where_))
        remove_socket(where_);
}

result<notify_socket> notify_socket::open(asio::any_io_executor executor, std::string where)
{
    COHORT_TRY(auto fd, bind_at(where));
    return use(std::move(executor), std::move(fd), std::move(where));
}

result<notify_socket> notify_socket::inherit(asio::any_io_executor executor, unique_fd from)
{
    sockaddr_un address{};
    socklen_t length = sizeof address;
    if (::getsockname(from.borrow(), reinterpret_cast<sockaddr*>(&address), &length) == -1)
        return failed("find the address of a socket for notices");
    constexpr std::size_t before = offsetof(sockaddr_un, sun_path) + 1;
    if (address.sun_family != AF_UNIX || length <= before || address.sun_path[0] != '\0')
        return failed(errc::bad_value, "go on hearing notices", "the socket has no abstract name");
    return use(std::move(executor), std::move(from),
               fmt::format("@{}", std::string_view(address.sun_path + 1, length - before)));
}

result<notify_socket> notify_socket::use(asio::any_io_executor executor, unique_fd fd,
                                         std::string where)
{
    asio::posix::stream_descriptor door{executor};
    error_code broken;
    door.assign(fd.borrow(), broken);
    if (broken)
        return std::unexpected(fault(broken, "hear notices at", std::move(where)));
    static_cast<void>(fd.release());
    return notify_socket{std::move(door), std::move(where)};
}

awaitable<result<received_notice>> notify_socket::next()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        if (++in_a_row_ > in_a_row_most) {
            in_a_row_ = 0;
            co_await asio::post(fd_.get_executor(), asio::use_awaitable);
            continue;
        }
        auto one = receive(fd_.native_handle(), only_);
        if (!one)
            co_return std::unexpected(one.error());
        if (*one)
            co_return **std::move(one);
        in_a_row_ = 0;
        auto [ec] = co_await fd_.async_wait(asio::posix::descriptor_base::wait_read, use_tuple);
        if (ec)
            break;
    }
    co_return failed(errc::cancelled, "wait for a notice");
}

}  // namespace cohort::process
