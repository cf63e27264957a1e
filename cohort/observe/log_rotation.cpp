#include <cohort/observe/log_rotation.hpp>

#include <cohort/base/unique_fd.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace cohort::observe {

namespace {

std::string numbered(const std::string& path, unsigned number)
{
    return number == 0 ? path : fmt::format("{}.{}", path, number);
}

/// The first number that is free, or the last that is kept: up to there files move on.
unsigned first_gap(const std::string& path, unsigned files)
{
    struct stat seen{};
    for (unsigned i = 1; i < files; ++i) {
        if (::lstat(numbered(path, i).c_str(), &seen) == -1)
            return i;
    }
    return files;
}

}  // namespace

std::uint64_t size_of(const std::string& path) noexcept
{
    struct stat seen{};
    return ::stat(path.c_str(), &seen) == 0 ? static_cast<std::uint64_t>(seen.st_size) : 0;
}

result<bool> put_aside(const std::string& path, const rotation_limit& when)
{
    if (size_of(path) < when.bytes)
        return false;
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
    if (!file.valid())
        return failed("put log file aside:", path);
    // Who has the lock renames, and who comes later finds another file under the name. Nobody
    // waits.
    if (when.locked && ::flock(file.borrow(), LOCK_EX | LOCK_NB) == -1)
        return failed("put log file aside, which somebody has locked:", path);
    struct stat ours{};
    struct stat named{};
    if (::fstat(file.borrow(), &ours) == -1 || ::stat(path.c_str(), &named) == -1 ||
        ours.st_ino != named.st_ino || ours.st_dev != named.st_dev || !S_ISREG(ours.st_mode))
        return false;
    for (unsigned i = first_gap(path, when.files); i > 0; --i) {
        if (::rename(numbered(path, i - 1).c_str(), numbered(path, i).c_str()) == -1)
            return failed("put log file aside:", numbered(path, i - 1));
    }
    return true;
}

}  // namespace cohort::observe
