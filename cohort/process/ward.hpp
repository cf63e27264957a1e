#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/exit_reason.hpp>
#include <cohort/process/memory_group.hpp>

#include <sys/types.h>

namespace cohort::process {

/// A process that somebody else reaps: a worker in the care of its keeper. A resource; held by a
/// pidfd, so that no signal ever reaches a stranger who was given the same number.
///
/// Unlike a child it is not owned: it lives on when this goes.
class ward {
public:
    /// @param in  the control group that it is in; nullptr: ours. Likewise below.
    ward(pid_t pid, unique_fd pidfd, memory_group_ptr in = nullptr);
    /// By its number alone: whoever says it must know that it is not somebody else's by now.
    /// Errors: ESRCH; EMFILE.
    [[nodiscard]] static result<ward> watch(pid_t pid, memory_group_ptr in = nullptr);

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Readable once the process has ended.
    [[nodiscard]] const unique_fd& pidfd() const noexcept { return pidfd_; }

    /// Sends a signal; a process that has already ended takes it in silence.
    /// Errors: EPERM; EINVAL, no such signal. Loop: any thread.
    [[nodiscard]] result<> signal(int number) const;

    /// What whoever reaped it was told: CLD_EXITED, CLD_KILLED or CLD_DUMPED, and the exit code or
    /// the signal. Asks the cgroup whether the kernel killed for memory since this was made.
    struct report {
        int code = 0;
        int status = 0;
    };
    [[nodiscard]] exit_reason reason(report of) const;

private:
    pid_t pid_;
    unique_fd pidfd_;
    memory_tally tally_;
};

/// The same for whoever is told of an end. @param since  made at its birth
[[nodiscard]] exit_reason reason_of(ward::report how, const memory_tally& since);

}  // namespace cohort::process
