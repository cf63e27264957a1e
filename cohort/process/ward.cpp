#include <cohort/process/ward.hpp>

#include <cohort/process/cgroup.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace cohort::process {

ward::ward(pid_t pid, unique_fd pidfd)
    : pid_{pid}, pidfd_{std::move(pidfd)}, memory_kills_{memory_kills()}
{}

result<ward> ward::watch(pid_t pid)
{
    unique_fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!pidfd.valid())
        return failed("open pidfd of", std::to_string(pid));
    return ward{pid, std::move(pidfd)};
}

result<> ward::signal(int number) const
{
    // By number: glibc 2.36 declares it without extern "C", so C++ cannot link it.
    if (::syscall(SYS_pidfd_send_signal, pidfd_.borrow(), number, nullptr, 0) == -1 &&
        errno != ESRCH)
        return failed("signal process", std::to_string(pid_));
    return {};
}

exit_reason ward::reason(report of) const
{
    if (of.code == CLD_EXITED)
        return exit_reason::exited(of.status);
    const auto kills = of.status == SIGKILL ? memory_kills() : std::nullopt;
    const blame why =
        memory_kills_ && kills && *kills > *memory_kills_ ? blame::memory : blame::none;
    return exit_reason::signalled(of.status, of.code == CLD_DUMPED ? core::dumped : core::absent,
                                  why);
}

}  // namespace cohort::process
