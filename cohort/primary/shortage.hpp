#pragma once

#include <cohort/base/error.hpp>

#include <cerrno>

namespace cohort::primary {

/// Did this fail for want of something that will be there again: descriptors, memory, room for
/// processes, or a moment without threads? Then nobody is to blame, and the answer is to wait.
[[nodiscard]] inline bool is_shortage(const error_code& why) noexcept
{
    if (why == errc::threads_running)
        return true;
    if (why.category() != boost::system::system_category())
        return false;
    switch (why.value()) {
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOBUFS:
        case EAGAIN:
            return true;
        default:
            return false;
    }
}

}  // namespace cohort::primary
