#include <cohort/base/unique_fd.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

namespace cohort {

void unique_fd::reset(int fd) noexcept
{
    const int old = std::exchange(fd_, fd);
    if (old == none)
        return;

    // Linux frees the number even when close() reports EINTR or EIO. It may belong to someone
    // else by now, so we never retry. EBADF means we closed it twice: our own bug.
    if (::close(old) == -1)
        COHORT_ASSERT(errno != EBADF);
}

result<unique_fd> duplicate(int fd)
{
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy == -1)
        return failed("duplicate descriptor", fmt::format("{}", fd));
    return unique_fd{copy};
}

result<unique_fd> duplicate(const unique_fd& fd) { return duplicate(fd.borrow()); }

}  // namespace cohort
