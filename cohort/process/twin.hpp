#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/permit.hpp>

#include <sys/types.h>

#include <cstddef>

namespace cohort::process {

/// A process that has its own memory and our descriptor table. A resource: its pidfd, which is a
/// number in the table of both. Whoever made it reaps it.
struct twin {
    pid_t pid = -1;
    unique_fd pidfd;
};

/// What a newborn twin does. It never returns into the frames of its maker.
using twin_life = void (*)(void* argument) noexcept;

/// Makes twins of this process, without allocating once it is made. A value.
///
/// What one of them opens, all have; what one closes is closed for all; what a dead one had open
/// stays. Nothing of fork's care is taken by the C library, so it is taken here: the thread id in
/// the C library's memory is the newborn's own, and its robust mutexes are the kernel's to watch.
/// Handlers of pthread_atfork do not run.
class twin_maker {
public:
    /// Errors: errc::not_supported, the kernel does not tell where the thread id is kept (it wants
    ///         CONFIG_CHECKPOINT_RESTORE). Order: in the thread that will make the twins, the only
    ///         one of this process for as long as it makes them.
    [[nodiscard]] static result<twin_maker> prepare(fork_permit permit);

    /// The twin runs `life(argument)` with every signal blocked, and leaves by _exit(0) if that
    /// returns. Its first steps (signals, death of the parent) are `life`'s.
    ///
    /// Errors: EAGAIN, no more processes allowed; ENOMEM; EMFILE (all: again later).
    /// Source: clone(2); prctl(2), PR_GET_TID_ADDRESS; get_robust_list(2).
    [[nodiscard]] result<twin> make(twin_life life, void* argument) const noexcept;

    /// The same without a pidfd, for a maker that waits for signals, and whose table may be full.
    [[nodiscard]] result<pid_t> make_unwatched(twin_life life, void* argument) const noexcept;

private:
    twin_maker(int* tid, void* robust, std::size_t robust_bytes) noexcept
        : tid_{tid}, robust_{robust}, robust_bytes_{robust_bytes}
    {}
    [[nodiscard]] long start(unsigned long flags, int* pidfd, twin_life life,
                             void* argument) const noexcept;

    int* tid_;      // where the C library keeps this thread's id
    void* robust_;  // head of its list of robust mutexes
    std::size_t robust_bytes_;
};

}  // namespace cohort::process
