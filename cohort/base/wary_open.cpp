#include <cohort/base/wary_open.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace cohort {

result<unique_fd> wary_open(const std::string& path, int how, mode_t mode)
{
    const uid_t us = ::geteuid();
    const bool wary = us == 0 || (how & O_ACCMODE) == O_RDONLY;
    how |= O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (wary ? O_NOFOLLOW : 0);
    unique_fd file{::open(path.c_str(), how, mode)};
    if (!file.valid() && errno == ELOOP && wary)
        return failed(errc::bad_value, "open file: a link, which is not followed:", path);
    struct stat seen{};
    if (!file.valid() || ::fstat(file.borrow(), &seen) == -1)
        return failed("open file", path);
    if (!S_ISREG(seen.st_mode))
        return failed(errc::bad_value, "open file: no regular file:", path);
    if (wary && seen.st_uid != us && seen.st_uid != 0)
        return failed(errc::bad_value, "open file: it is somebody else's:", path);
    if (wary && seen.st_nlink != 1)
        return failed(errc::bad_value, "open file: it has another name, too:", path);
    return file;
}

}  // namespace cohort
