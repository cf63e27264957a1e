#include <cohort/process/ward.hpp>

#include <cohort/process/detail/pidfd.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace cohort::process {

ward::ward(pid_t pid, unique_fd pidfd, memory_group_ptr in)
    : pid_{pid}, pidfd_{std::move(pidfd)}, tally_{std::move(in)}
{}

result<ward> ward::watch(pid_t pid, memory_group_ptr in)
{
    unique_fd pidfd = detail::open_pidfd(pid);
    if (!pidfd.valid())
        return failed("open pidfd of", std::to_string(pid));
    return ward{pid, std::move(pidfd), std::move(in)};
}

result<> ward::signal(int number) const
{
    if (detail::send_signal(pidfd_, number) == -1 && errno != ESRCH)
        return failed("signal process", std::to_string(pid_));
    return {};
}

exit_reason ward::reason(report of) const { return reason_of(of, tally_); }

exit_reason reason_of(ward::report how, const memory_tally& since)
{
    if (how.code == CLD_EXITED)
        return exit_reason::exited(how.status);
    const blame why = how.status == SIGKILL && since.grew() ? blame::memory : blame::none;
    return exit_reason::signalled(how.status, how.code == CLD_DUMPED ? core::dumped : core::absent,
                                  why);
}

}  // namespace cohort::process
