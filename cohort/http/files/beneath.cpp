#include <cohort/http/files/beneath.hpp>

#include <cerrno>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cohort::http {

result<unique_fd> open_folder(const std::string& path)
{
    unique_fd opened{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!opened.valid())
        return failed("open the folder", path);
    return opened;
}

result<unique_fd> open_beneath(const unique_fd& folder, const std::string& path, int flags,
                               symlinks rule)
{
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    if (rule == symlinks::refused)
        how.resolve |= RESOLVE_NO_SYMLINKS;
    const char* const name = path.empty() ? "." : path.c_str();
    // EAGAIN: something was renamed meanwhile, and the kernel cannot be sure (openat2(2)).
    constexpr int tries = 8;
    for (int i = 0; i < tries; ++i) {
        const long opened = ::syscall(SYS_openat2, folder.borrow(), name, &how, sizeof how);
        if (opened >= 0)
            return unique_fd{static_cast<int>(opened)};
        if (errno == ENOSYS)
            return detail::walk_beneath(folder, path, flags);
        if (errno != EAGAIN && errno != EINTR)
            break;
    }
    return failed("open", path);
}

result<unique_fd> detail::walk_beneath(const unique_fd& folder, const std::string& path, int flags)
{
    const auto outside = [&path] {
        const error_code why{EXDEV, boost::system::system_category()};
        return std::unexpected(fault(why, "open", path));
    };
    unique_fd here;
    const unique_fd* at = &folder;
    std::string_view rest = path;
    if (rest.starts_with('/'))
        return outside();
    for (;;) {
        const std::string_view segment = rest.substr(0, rest.find('/'));
        const bool last = segment.size() == rest.size();
        if (segment == "..")
            return outside();
        const std::string name = segment.empty() ? "." : std::string{segment};
        const int how = last ? flags : O_PATH | O_DIRECTORY;
        unique_fd next{::openat(at->borrow(), name.c_str(), how | O_NOFOLLOW | O_CLOEXEC)};
        if (!next.valid())
            return failed("open", path);
        if (last)
            return next;
        here = std::move(next);
        at = &here;
        rest.remove_prefix(segment.size() + 1);
    }
}

}  // namespace cohort::http
