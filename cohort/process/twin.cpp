#include <cohort/process/twin.hpp>

#include <cohort/process/child_side.hpp>
#include <cohort/process/detail/raw_clone.hpp>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/sched.h>

#include <csignal>

namespace cohort::process {

result<twin_maker> twin_maker::prepare(fork_permit)
{
    int* tid = nullptr;
    if (::prctl(PR_GET_TID_ADDRESS, &tid) == -1 || tid == nullptr)
        return failed(errc::not_supported, "find the thread id of", "the C library");
    // What is found must be what we think it is: a newborn's id will be written there.
    if (*tid != static_cast<int>(::syscall(SYS_gettid)))
        return failed(errc::not_supported, "recognise the thread id of", "the C library");
    void* robust = nullptr;
    std::size_t bytes = 0;
    if (::syscall(SYS_get_robust_list, 0, &robust, &bytes) == -1)
        return failed("find the list of robust mutexes");
    if (robust == nullptr)
        return failed(errc::not_supported, "find the list of robust mutexes");
    return twin_maker{tid, robust, bytes};
}

long twin_maker::start(unsigned long flags, int* pidfd, twin_life life,
                       void* argument) const noexcept
{
    const signal_silence quiet;
    const long pid = detail::raw_clone(
        flags | CLONE_FILES | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, pidfd, tid_);
    if (pid == 0) {
        // A newborn has no list with the kernel, and so its mutexes would die in silence.
        ::syscall(SYS_set_robust_list, robust_, robust_bytes_);
        life(argument);
        ::_exit(0);
    }
    return pid;
}

result<twin> twin_maker::make(twin_life life, void* argument) const noexcept
{
    int pidfd = -1;
    const long pid = start(CLONE_PIDFD, &pidfd, life, argument);
    if (pid == -1)
        return failed("clone a twin");
    return twin{static_cast<pid_t>(pid), unique_fd{pidfd}};
}

result<pid_t> twin_maker::make_unwatched(twin_life life, void* argument) const noexcept
{
    const long pid = start(0, nullptr, life, argument);
    if (pid == -1)
        return failed("clone a twin");
    return static_cast<pid_t>(pid);
}

}  // namespace cohort::process
