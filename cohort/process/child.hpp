#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/exit_reason.hpp>
#include <cohort/process/memory_group.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace cohort::process {

/// The caller's ends of the pipes that `stdio::pipe` asked for; the others are not valid().
struct stdio_pipes {
    unique_fd in;   ///< write here what the child reads
    unique_fd out;  ///< read here what the child writes to its standard output
    unique_fd err;  ///< and to its standard error
};

/// A process that we started and that we will reap. A resource; held by a pidfd, so that no
/// signal ever reaches a stranger who was given the same number.
///
/// It owns its process: destroying a child that was not reaped kills it (SIGKILL) and reaps it,
/// so nothing we started outlives our interest by accident. In a forked copy of this object that
/// does not happen: only the process that gave birth owns the child.
///
/// Lifetime: must stay where it is while exited() is awaited.
class child {
public:
    /// Takes over a process that was just born to this process. Only spawn and clone call it.
    /// Errors: errno of pidfd_open(2); the process was killed and reaped then.
    /// @param in  the control group that it is in; nullptr: ours. Likewise below.
    [[nodiscard]] static result<child> adopt(pid_t pid, memory_group_ptr in = nullptr);
    /// Takes over a process whose parent was another one, which died: whoever reaps it now, we hear
    /// that it ended, and not how (exit_reason::unknown).
    [[nodiscard]] static child inherit(pid_t pid, unique_fd pidfd) noexcept;
    /// Takes over a child of the root, which reaps it and tells us how it ended: told_end().
    /// @param ends_before  ends_told() before it was born
    [[nodiscard]] static child of_root(pid_t pid, unique_fd pidfd, std::uint64_t ends_before,
                                       memory_group_ptr in = nullptr);

    child(child&& other) noexcept;
    child& operator=(child&& other) noexcept;
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// Readable once the process has ended.
    [[nodiscard]] const unique_fd& pidfd() const noexcept { return pidfd_; }

    /// Sends a signal; a process that has already ended takes it in silence.
    /// Errors: EPERM; EINVAL, no such signal. Loop: any thread.
    [[nodiscard]] result<> signal(int number) const;

    /// Sends a signal to everybody in the group that it leads (program::own_group), whether it has
    /// ended itself or not; 0 sends nothing. False: nobody is in it, or it leads none.
    bool signal_group(int number) const noexcept;
    /// Spawn says so.
    void leads_group() noexcept { leads_group_ = true; }

    /// Waits for the end, reaps, and says why. May be awaited once the process is reaped, too: the
    /// answer stays. One waiter at a time.
    ///
    /// Errors: errc::cancelled; ENOMEM, ENOSPC of the event loop (again later). Needs no
    /// descriptor. Cancel: total. Deadline: none, a healthy process lives as long as we do; bound
    /// it with with_deadline. Loop: that of the awaiting coroutine.
    [[nodiscard]] awaitable<result<exit_reason>> exited();

    /// The reason if it has ended, reaping it; nothing while it runs. Never waits.
    [[nodiscard]] std::optional<exit_reason> try_reap();

    /// Blocks until the end. For tests and for the last steps of a process without a loop.
    exit_reason wait();

    /// What of_root() wants to know, for who goes on with it; 0 with any other child.
    [[nodiscard]] std::uint64_t ends_before() const noexcept { return ends_before_; }

    /// The reason, if it was already reaped.
    [[nodiscard]] const std::optional<exit_reason>& ended() const noexcept { return ended_; }

    /// Stops owning: the process is neither killed nor reaped by us from now on.
    void let_go() noexcept;

    stdio_pipes pipes;  ///< Move out what you want to keep.

private:
    child(pid_t pid, unique_fd pidfd) noexcept;
    std::optional<exit_reason> reap(int options);
    /// What there is to know of one that somebody else reaps. True: it has ended.
    bool ask_elsewhere(bool may_wait);
    void end() noexcept;

    enum class reaper : std::uint8_t { us, root, nobody_we_hear };

    pid_t pid_ = 0;
    pid_t owner_ = 0;  // who gave birth; a forked copy of this object is not the owner
    reaper by_ = reaper::us;
    bool leads_group_ = false;
    std::uint64_t ends_before_ = 0;          // with reaper::root
    std::optional<steady_time> dead_since_;  // the root has not told how, so far
    unique_fd pidfd_;
    std::optional<exit_reason> ended_;
    memory_tally tally_;  // where it lives, since it was born
};

}  // namespace cohort::process
