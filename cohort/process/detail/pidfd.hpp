#pragma once
// System calls by number: glibc 2.36 declares these without extern "C", so C++ cannot link them.

#include <cohort/base/unique_fd.hpp>

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace cohort::process::detail {

/// Not valid and errno on error. Close-on-exec. Source: pidfd_open(2).
[[nodiscard]] inline unique_fd open_pidfd(pid_t pid) noexcept
{
    return unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

/// -1 and errno on error. Source: pidfd_send_signal(2).
[[nodiscard]] inline int send_signal(const unique_fd& pidfd, int number) noexcept
{
    return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd.borrow(), number, nullptr, 0));
}

}  // namespace cohort::process::detail
