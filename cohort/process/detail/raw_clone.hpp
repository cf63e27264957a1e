#pragma once

#include <sys/syscall.h>
#include <unistd.h>

namespace cohort::process::detail {

/// clone(2) without a stack of its own: the newborn goes on here, on its copy of ours.
inline long raw_clone(unsigned long flags, int* pidfd, int* child_tid) noexcept
{
    // The system call's order of arguments is the architecture's. clone3(2) would have one for all,
    // but container runtimes refuse it.
#if defined(__x86_64__)
    return ::syscall(SYS_clone, flags, nullptr, pidfd, child_tid, 0UL);
#elif defined(__aarch64__) || defined(__riscv)
    return ::syscall(SYS_clone, flags, nullptr, pidfd, 0UL, child_tid);
#else
#error "write down clone(2)'s order of arguments for this architecture"
#endif
}

}  // namespace cohort::process::detail
