#pragma once

#include <cohort/base/error.hpp>

namespace cohort::process {

/// Proof that this process had a single thread when it was asked. A value, good for one birth.
///
/// A fork copies one thread and the locks of all: whatever another thread held stays locked for
/// ever in the child. So we refuse, and name those who are in the way.
class fork_permit {
public:
    fork_permit(const fork_permit&) = delete;
    fork_permit& operator=(const fork_permit&) = delete;
    fork_permit(fork_permit&&) noexcept = default;
    fork_permit& operator=(fork_permit&&) noexcept = default;

    /// Counts the threads in /proc/self/task. Also gives SIGCHLD its default action back if it is
    /// ignored (that is inherited across exec): the kernel would keep the exit reasons from us.
    ///
    /// Errors: errc::threads_running, whose subject names them; errno if /proc is not mounted.
    [[nodiscard]] static result<fork_permit> ask();

private:
    fork_permit() noexcept = default;
};

}  // namespace cohort::process
