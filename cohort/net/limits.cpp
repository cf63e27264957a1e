#include <cohort/net/limits.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace cohort::net {

result<std::uint64_t> raise_descriptor_limit()
{
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == -1)
        return failed("read the limit of open descriptors");
    if (files.rlim_cur != files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &files) == -1)
            return failed("raise the limit of open descriptors");
    }
    return std::uint64_t{files.rlim_cur};
}

std::uint32_t connections_for(std::uint64_t descriptors, std::uint64_t others) noexcept
{
    constexpr std::uint64_t kept_least = 64;
    const std::uint64_t kept =
        std::min(std::max(descriptors / 10, kept_least), descriptors / 2) + others;
    const std::uint64_t left = descriptors > kept ? descriptors - kept : 1;
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(left, std::numeric_limits<std::uint32_t>::max()));
}

std::uint32_t connections_that_fit(std::uint64_t others) noexcept
{
    rlimit files{};
    // It cannot fail with these arguments; without an answer, the least that Linux ever had.
    if (::getrlimit(RLIMIT_NOFILE, &files) == -1)
        files.rlim_cur = 1024;
    return connections_for(files.rlim_cur, others);
}

}  // namespace cohort::net
