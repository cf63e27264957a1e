#include <cohort/control/entrance.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/try.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace cohort::control {

namespace {

constexpr int queue_length = 64;
constexpr milliseconds others_open_within{900};

result<sockaddr_un> address_of(const std::filesystem::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& text = path.native();
    if (text.size() >= sizeof address.sun_path) {
        const error_code too_long{ENAMETOOLONG, boost::system::system_category()};
        return std::unexpected(fault(too_long, "use the admin socket",
                                     fmt::format("{} ({} characters, {} at most)", text,
                                                 text.size(), sizeof address.sun_path - 1)));
    }
    std::memcpy(&address.sun_path[0], text.c_str(), text.size() + 1);
    return address;
}

const sockaddr* plain(const sockaddr_un& address) noexcept
{
    return reinterpret_cast<const sockaddr*>(&address);
}

result<unique_fd> stream_socket()
{
    unique_fd made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!made.valid())
        return failed("make an admin socket");
    return made;
}

/// Held while somebody looks for a stale file and replaces it: two at once would each take the
/// other's away. It ends with the process, and is no reason to wait for long.
/// Errors: EWOULDBLOCK, somebody has it.
result<unique_fd> opening_lock(const std::filesystem::path& folder, milliseconds patience)
{
    const auto path = folder / ".opening";
    constexpr int how = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    unique_fd lock{::open(path.c_str(), how, S_IRUSR | S_IWUSR)};
    if (!lock.valid())
        return failed("open", path.string());
    const steady_time until = now() + patience;
    while (::flock(lock.borrow(), LOCK_EX | LOCK_NB) == -1) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || now() >= until)
            return failed("lock", path.string());
        ::poll(nullptr, 0, 5);
    }
    return lock;
}

result<unique_fd> bind_at(const std::filesystem::path& path, const sockaddr_un& address)
{
    COHORT_TRY(auto made, stream_socket());
    // The file gets its mode from the socket: at no moment can somebody else connect.
    if (::fchmod(made.borrow(), S_IRUSR | S_IWUSR) == -1 ||
        ::bind(made.borrow(), plain(address), sizeof address) == -1 ||
        ::chmod(path.c_str(), S_IRUSR | S_IWUSR) == -1 ||
        ::listen(made.borrow(), queue_length) == -1)
        return failed("listen at the admin socket", path.string());
    return made;
}

result<unique_fd> open_socket(const std::filesystem::path& path, entrance::yields leaves)
{
    COHORT_TRY(const auto address, address_of(path));
    // Without it, when somebody was stopped in there: what follows is right for one at a time.
    const auto lock = opening_lock(path.parent_path(), others_open_within);
    const auto lives = who_listens(path);
    const auto taken = [&](const std::string& by) {
        const error_code in_use{EADDRINUSE, boost::system::system_category()};
        return std::unexpected(fault(in_use, "open the admin socket",
                                     fmt::format("{}, where {} listens", path.c_str(), by)));
    };
    if (lives && !leaves(path))
        return taken(fmt::format("process {}", *lives));
    if (!lives && lives.error().why().value() == EAGAIN)
        return taken("somebody busy");
    if (::unlink(path.c_str()) == -1 && errno != ENOENT)
        return failed("take a stale admin socket away", path.string());
    return bind_at(path, address);
}

}  // namespace

result<unique_fd> connect_to(const std::filesystem::path& path)
{
    COHORT_TRY(const auto address, address_of(path));
    COHORT_TRY(auto made, stream_socket());
    if (::connect(made.borrow(), plain(address), sizeof address) == -1)
        return failed("connect to", path.string());
    return made;
}

result<peer_identity> peer_of(int connection)
{
    ucred who{};
    socklen_t length = sizeof who;
    if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &length) == -1)
        return failed("ask who is at an admin socket");
    return peer_identity{.pid = who.pid, .user = who.uid};
}

result<pid_t> who_listens(const std::filesystem::path& path)
{
    COHORT_TRY(const auto connection, connect_to(path));
    COHORT_TRY(const auto who, peer_of(connection.borrow()));
    return who.pid;
}

void remove_stale(const std::filesystem::path& path)
{
    const auto lock = opening_lock(path.parent_path(), milliseconds{0});
    if (!lock)
        return;
    if (const auto lives = who_listens(path); !lives && lives.error().why().value() == ECONNREFUSED)
        ::unlink(path.c_str());
}

result<entrance> entrance::open_at(const std::filesystem::path& path, yields leaves)
{
    COHORT_TRY(auto made, open_socket(path, leaves));
    entrance opened{std::move(made), path};
    COHORT_TRY(opened.remember_file());
    return opened;
}

result<entrance> entrance::open(std::string_view app, const viewpoint& from, yields leaves)
{
    result<> last = failed(errc::bad_value, "find a folder for the admin socket");
    for (const auto& folder : folders(from)) {
        last = make_folder(folder, from.user);
        if (last)
            return open_at(folder / socket_name(app), leaves);
    }
    return std::unexpected(std::move(last).error());
}

result<entrance> entrance::inherit(std::span<const std::filesystem::path> paths,
                                   std::span<const int> left_open)
{
    for (const int each : left_open) {
        int listens = 0;
        socklen_t size = sizeof listens;
        if (::getsockopt(each, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == -1 || listens == 0)
            continue;
        sockaddr_un at{};
        socklen_t length = sizeof at;
        if (::getsockname(each, reinterpret_cast<sockaddr*>(&at), &length) == -1 ||
            at.sun_family != AF_UNIX || length <= offsetof(sockaddr_un, sun_path))
            continue;
        if (std::ranges::find(paths, std::filesystem::path{&at.sun_path[0]}) == paths.end())
            continue;
        entrance found{unique_fd{each}, &at.sun_path[0]};
        COHORT_TRY(found.remember_file());  // without its file nobody finds it: it is closed
        return found;
    }
    const error_code none{ENOENT, boost::system::system_category()};
    return std::unexpected(fault(none, "find the admin socket of the last primary"));
}

result<> entrance::remember_file()
{
    struct stat seen{};
    if (::lstat(path_.c_str(), &seen) == -1)
        return failed("look at the admin socket", path_.string());
    file_ = seen.st_ino;
    return {};
}

void entrance::remove() noexcept
{
    struct stat seen{};
    if (file_ != 0 && ::lstat(path_.c_str(), &seen) == 0 && seen.st_ino == file_)
        ::unlink(path_.c_str());
    file_ = 0;
}

}  // namespace cohort::control
