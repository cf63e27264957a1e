#pragma once

#include <cohort/base/error.hpp>
#include <cohort/board/journal.hpp>

#include <pthread.h>

#include <cstdint>
#include <optional>

namespace cohort::process {

/// How a seat was got.
enum class seating : std::uint8_t {
    fresh,       ///< It was free: nobody had it, or who had it gave it away.
    owner_died,  ///< Its owner died with it.
};

/// The lock in a journal that says who serves its slot: a robust mutex in shared memory, owned for
/// ever by the loop thread of the worker. A view; nothing happens when it is destroyed.
///
/// When its owner dies, in whatever way, the kernel wakes one of those who wait, in the death of
/// the thread and not of the process: 0.3 ms after a SIGKILL, whatever there is of memory to free.
class seat_lock {
public:
    explicit seat_lock(board::journal_header& of) noexcept;

    /// Makes it free. Only while nobody lives who may have it or want it: before the first twin,
    /// and again when all are dead, which mends whatever they did to these bytes. Errors: ENOTSUP.
    [[nodiscard]] result<> init() noexcept;

    /// Waits for it. Deadline: none, a standby waits for a death.
    /// Errors: EINVAL, ENOTRECOVERABLE: somebody wrote over it.
    [[nodiscard]] result<seating> acquire() noexcept;

    /// Takes it if nobody has it; nothing if somebody does. Errors: as acquire().
    [[nodiscard]] result<std::optional<seating>> try_acquire() noexcept;

    /// Gives it away: the next one serves from this moment. Only its owner (the thread) can; false
    /// for any other.
    ///
    /// For a signal handler, too: POSIX does not promise it, but what glibc does is to take the
    /// mutex off this thread's own list, one exchange, and one futex(2). It holds no lock and
    /// allocates nothing; it must only not interrupt acquire() on the same thread.
    bool release() noexcept;

private:
    pthread_mutex_t* mutex_;
};

}  // namespace cohort::process
