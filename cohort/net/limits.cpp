#include <cohort/net/limits.hpp>

#include <sys/resource.h>

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

}  // namespace cohort::net
