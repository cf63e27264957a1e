#include <cohort/process/descriptors.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/process/child_side.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

namespace cohort::process {

namespace {

bool option(int socket, int name, int& value) noexcept
{
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0;
}

bool is_stream(int fd) noexcept
{
    int type = 0;
    return option(fd, SO_TYPE, type) && type == SOCK_STREAM;
}

bool listens(int socket) noexcept
{
    int yes = 0;
    return option(socket, SO_ACCEPTCONN, yes) && yes != 0;
}

/// The address of this end. IPv4 within IPv6 becomes plain IPv4, so that an address compares equal
/// whatever listened for it.
struct own_address {
    sa_family_t family = AF_UNSPEC;
    in_port_t port = 0;
    bool any = false;
    std::string_view bytes;  // of `storage`
    sockaddr_storage storage{};
};

bool read_address(int socket, own_address& into) noexcept
{
    socklen_t size = sizeof into.storage;
    auto* const address = reinterpret_cast<sockaddr*>(&into.storage);
    if (::getsockname(socket, address, &size) == -1 || size > sizeof into.storage)
        return false;
    const char* const raw = reinterpret_cast<const char*>(&into.storage);
    into.family = into.storage.ss_family;
    switch (into.family) {
        case AF_INET: {
            const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
            into.port = v4->sin_port;
            into.any = v4->sin_addr.s_addr == INADDR_ANY;
            into.bytes = {raw + offsetof(sockaddr_in, sin_addr), sizeof v4->sin_addr};
            return true;
        }
        case AF_INET6: {
            const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
            into.port = v6->sin6_port;
            into.any = IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr) != 0;
            into.bytes = {raw + offsetof(sockaddr_in6, sin6_addr), sizeof v6->sin6_addr};
            if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
                into.family = AF_INET;
                into.bytes.remove_prefix(12);
            }
            return true;
        }
        case AF_UNIX:
            // Nobody listens without a name, and who calls has none.
            if (size <= offsetof(sockaddr_un, sun_path))
                return false;
            into.bytes = {raw + offsetof(sockaddr_un, sun_path),
                          size - offsetof(sockaddr_un, sun_path)};
            return true;
        default:
            return false;
    }
}

/// Could a socket with the address `own` have been accepted by one that listens at `door`?
bool came_through(const own_address& own, const own_address& door) noexcept
{
    if (own.port != door.port)
        return false;
    // A door for all IPv6 addresses may take IPv4, too.
    if (door.any)
        return door.family == own.family || (door.family == AF_INET6 && own.family == AF_INET);
    return own.family == door.family && own.bytes == door.bytes;
}

bool has_peer(int socket) noexcept
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    // A peer that has reset the connection is none any more: there is nobody to serve.
    return ::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
}

bool has_live_record(const board::journal& journal, int fd) noexcept
{
    const board::connection_record* record = journal.record(fd);
    return record && record->state().now != board::standing::free;
}

std::vector<int> sorted(std::span<const int> some)
{
    std::vector<int> list{some.begin(), some.end()};
    std::ranges::sort(list);
    const auto twice = std::ranges::unique(list);
    list.erase(twice.begin(), twice.end());
    return list;
}

/// The clients' connections among the descriptors of the dead.
std::vector<int> connections_of_the_dead(const board::journal& journal,
                                         const std::vector<int>& open, const std::vector<int>& keep)
{
    std::vector<int> found;
    std::vector<int> unknown;
    std::vector<std::unique_ptr<own_address>> doors;
    for (const int fd : open) {
        if (!is_stream(fd))
            continue;
        if (listens(fd)) {
            auto door = std::make_unique<own_address>();
            if (read_address(fd, *door))
                doors.push_back(std::move(door));
        } else if (std::ranges::binary_search(keep, fd)) {
            continue;
        } else if (has_live_record(journal, fd)) {
            found.push_back(fd);
        } else {
            unknown.push_back(fd);
        }
    }
    for (const int fd : unknown) {
        own_address own;
        const auto through = [&own](const auto& door) { return came_through(own, *door); };
        if (has_peer(fd) && read_address(fd, own) && std::ranges::any_of(doors, through))
            found.push_back(fd);
    }
    std::ranges::sort(found);
    return found;
}

/// For a table so full that not even a look at it fits: asks number by number.
result<std::vector<int>> probed_descriptors()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return failed("read the limit of descriptors");
    std::vector<int> numbers;
    for (int fd = 0; static_cast<rlim_t>(fd) < limit.rlim_cur; ++fd) {
        if (::fcntl(fd, F_GETFD) != -1)
            numbers.push_back(fd);
    }
    return numbers;
}

}  // namespace

result<std::vector<int>> open_descriptors()
{
    const auto close = [](DIR* open) { ::closedir(open); };
    const std::unique_ptr<DIR, decltype(close)> folder{::opendir("/proc/self/fd"), close};
    if (!folder && errno == EMFILE)
        return probed_descriptors();
    if (!folder)
        return failed("list", "/proc/self/fd");
    const int own = ::dirfd(folder.get());
    std::vector<int> numbers;
    while (const dirent* entry = ::readdir(folder.get())) {
        const auto number = parse_integer<int>(std::string_view{entry->d_name});
        if (number && *number != own)
            numbers.push_back(*number);
    }
    std::ranges::sort(numbers);
    return numbers;
}

result<> close_others(std::span<const int> keep)
{
    const stumble bad = close_all_but(sorted(keep));
    if (bad.at == step::none)
        return {};
    const error_code why{bad.why, boost::system::system_category()};
    return std::unexpected(fault(why, "close descriptors"));
}

result<std::vector<int>> record_pristine(board::journal_header& into)
{
    COHORT_TRY(auto open, open_descriptors());
    if (open.size() > into.pristine.size())
        return failed(errc::too_large, "record descriptors:", std::to_string(open.size()));
    std::ranges::copy(open, into.pristine.begin());
    into.pristine_count.store(static_cast<std::uint32_t>(open.size()), std::memory_order_release);
    return open;
}

result<std::vector<int>> sweep(const board::journal& journal, std::span<const int> keep)
{
    COHORT_TRY(const auto open, open_descriptors());
    std::vector<int> stay = sorted(keep);
    std::vector<int> found = connections_of_the_dead(journal, open, stay);
    stay.insert(stay.end(), found.begin(), found.end());
    COHORT_TRY(close_others(stay));
    return found;
}

}  // namespace cohort::process
