#include <cohort/process/service_manager.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/detail/text.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace cohort::process {

namespace {

constexpr int first_passed = 3;
constexpr int passed_most = 1024;
constexpr std::size_t name_bytes_max = 255;
constexpr std::int64_t period_most = 365LL * 24 * 3600 * 1'000'000;

/// Reads a variable and removes it.
std::optional<std::string> take(const char* name)
{
    const char* const value = ::getenv(name);
    if (value == nullptr)
        return std::nullopt;
    std::string text{value};
    ::unsetenv(name);
    return text;
}

/// Meant for this process? Without the variable: yes.
bool is_us(const std::optional<std::string>& pid)
{
    return !pid || parse_integer<pid_t>(*pid) == ::getpid();
}

bool fits(const std::string& address) noexcept
{
    return address.size() > 1 && address.size() < sizeof(sockaddr_un::sun_path) &&
           (address[0] == '/' || address[0] == '@');
}

std::optional<ino_t> inode_of(int fd) noexcept
{
    struct stat open{};
    if (::fstat(fd, &open) == -1)
        return std::nullopt;
    return open.st_ino;
}

bool is_name(std::string_view name) noexcept
{
    const auto fits_in = [](char c) { return c > ' ' && c < '\x7f' && c != ':'; };
    return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, fits_in);
}

std::string one_line(std::string_view words)
{
    std::string line{words};
    std::ranges::replace_if(line, [](char c) { return c >= '\0' && c < ' '; }, ' ');
    return line;
}

}  // namespace

bool passed_descriptor::is_there() const noexcept { return inode_of(number) == inode; }

service_manager service_manager::take_from_environment()
{
    service_manager made;
    if (auto address = take("NOTIFY_SOCKET"); address && fits(*address))
        made.socket_ = *std::move(address);
    else if (address && !address->empty())
        made.oddities_.push_back(
            fmt::format("NOTIFY_SOCKET is neither a path nor @name: {}", *address));
    made.take_watchdog();
    made.take_passed();
    return made;
}

void service_manager::take_watchdog()
{
    const auto period = take("WATCHDOG_USEC");
    const auto pid = take("WATCHDOG_PID");
    if (!period || !is_us(pid) || socket_.empty())
        return;
    const auto micros = parse_integer<std::int64_t>(*period);
    if (micros && *micros > 0 && *micros <= period_most)
        watchdog_ = std::chrono::microseconds{*micros};
    else
        oddities_.push_back(fmt::format("WATCHDOG_USEC is no number of microseconds: {}", *period));
}

void service_manager::take_passed()
{
    const auto count = take("LISTEN_FDS");
    const auto pid = take("LISTEN_PID");
    const auto names = take("LISTEN_FDNAMES");
    take("LISTEN_PIDFDID");
    // Without a pid it is for nobody in particular, and never for us.
    if (!count || !pid || !is_us(pid))
        return;
    const auto number = parse_integer<int>(*count);
    if (!number || *number < 0 || *number > passed_most) {
        oddities_.push_back(
            fmt::format("LISTEN_FDS is no number up to {}: {}", passed_most, *count));
        return;
    }
    std::string_view rest = names ? std::string_view{*names} : std::string_view{};
    for (int fd = first_passed; fd < first_passed + *number; ++fd) {
        const std::string_view name = detail::cut(rest, ':');
        const auto inode = inode_of(fd);
        if (!inode) {
            oddities_.push_back(fmt::format("LISTEN_FDS says {}, but {} is not open", *count, fd));
            continue;
        }
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        passed_.push_back({.name = std::string{name}, .number = fd, .inode = *inode});
    }
}

std::vector<std::string> service_manager::environment() const
{
    std::vector<std::string> all;
    if (!socket_.empty())
        all.push_back(fmt::format("NOTIFY_SOCKET={}", socket_));
    if (watchdog_) {
        all.push_back(fmt::format("WATCHDOG_USEC={}", watchdog_->count()));
        all.push_back(fmt::format("WATCHDOG_PID={}", ::getpid()));
    }
    std::string names;
    int number = first_passed;
    for (const passed_descriptor& each : passed_) {
        if (each.number != number || !each.is_there())
            return all;
        names += fmt::format("{}{}", number == first_passed ? "" : ":", each.name);
        ++number;
    }
    if (passed_.empty())
        return all;
    all.push_back(fmt::format("LISTEN_FDS={}", passed_.size()));
    all.push_back(fmt::format("LISTEN_PID={}", ::getpid()));
    all.push_back(fmt::format("LISTEN_FDNAMES={}", names));
    return all;
}

result<> service_manager::ready(std::string_view status) const
{
    return say(fmt::format("READY=1\nSTATUS={}", one_line(status)));
}

result<> service_manager::reloading(std::string_view status) const
{
    return say(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS={}", now_ns() / 1'000,
                           one_line(status)));
}

result<> service_manager::stopping(std::string_view status) const
{
    return say(fmt::format("STOPPING=1\nSTATUS={}", one_line(status)));
}

result<> service_manager::status(std::string_view words) const
{
    return say(fmt::format("STATUS={}", one_line(words)));
}

result<> service_manager::alive() const { return say("WATCHDOG=1"); }

result<> service_manager::extend(std::chrono::microseconds how_long) const
{
    return say(fmt::format("EXTEND_TIMEOUT_USEC={}", how_long.count()));
}

result<> service_manager::store(std::string_view name, int fd) const
{
    if (!is_name(name))
        return failed(errc::bad_value, "have a descriptor stored as", std::string{name});
    return say(fmt::format("FDSTORE=1\nFDNAME={}", name), fd);
}

result<> service_manager::forget(std::string_view name) const
{
    if (!is_name(name))
        return failed(errc::bad_value, "have a stored descriptor forgotten:", std::string{name});
    return say(fmt::format("FDSTOREREMOVE=1\nFDNAME={}", name));
}

result<> service_manager::say(std::string_view words, int fd) const
{
    if (socket_.empty())
        return {};
    // One for each message: they are rare, and nothing of it can be stale.
    const unique_fd door{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!door.valid())
        return failed("talk to the service manager");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_[0] == '@')
        address.sun_path[0] = '\0';
    // sendmsg(2) does not write to it; its type is older than const.
    iovec bytes{const_cast<char*>(words.data()), words.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> room{};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    if (fd != -1) {
        message.msg_control = room.data();
        message.msg_controllen = room.size();
        cmsghdr* const head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    ssize_t sent = -1;
    do {
        sent = ::sendmsg(door.borrow(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent == -1 && errno == EINTR);
    if (sent == -1)
        return failed("talk to the service manager at", socket_);
    return {};
}

}  // namespace cohort::process
