#pragma once
// The root of the tree: the process that the user started, PID 1 in a container. It forwards
// signals, reaps, and makes a new primary when the old one died. It shares its descriptor table
// with the primary, so whatever that one held stays open.

#include <cohort/base/error.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/ward.hpp>

#include <sys/types.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace cohort::process {

/// Which primary this is.
enum class reign : std::uint8_t {
    first,
    successor,  ///< One before it died; its descriptors are still open.
};

/// What a root forwards, and a primary hears.
inline constexpr std::array signals_for_primaries{SIGTERM, SIGINT,  SIGQUIT, SIGHUP,  SIGUSR1,
                                                  SIGUSR2, SIGTTIN, SIGTTOU, SIGWINCH};

/// How a root keeps its primary. A value that is moved.
struct root_plan {
    std::string title;          ///< of the root, for ps
    std::string primary_title;  ///< empty: the primary names itself
    /// The primary's life, in the primary; what it returns is its exit code, and final.
    std::move_only_function<int(reign) noexcept> life;
    /// successor: another program was the root in this process, and left all that it had. The
    /// signals that it blocked are let in again by the primary.
    reign begins = reign::first;
    /// In the root, when a primary left by leave_for_renewal(): becomes another program. If it
    /// returns, that failed, and a successor follows as after a death. Empty: likewise.
    std::move_only_function<void() noexcept> renew = {};
};

/// Makes this process the root. Returns when the last primary has ended: its exit code, for main to
/// return. If a signal ended it for good, the root dies of the same one and never returns.
///
/// A primary that dies by a signal (unless the root was to forward that signal), or with an exit
/// code that it did not announce, is followed by another: at once if it lived longer than a second
/// or was killed; else after growing pauses, up to 5 s; after five such deaths in 30 s no more
/// (exit code or signal of the last one).
///
/// Forwards TERM INT QUIT HUP USR1 USR2 TTIN TTOU WINCH, unless the kernel sent them to the whole
/// group (a terminal). They arrive with SI_QUEUE, from the root's pid, and carry the pid of who
/// sent them as their value: someone who signals the whole group reaches the primary twice.
/// SIGTSTP stops the root as it stops everybody.
///
/// Errors: those of fork_permit; errc::not_supported, ENOMEM, EAGAIN: no primary was started.
/// Order: a single thread; the caller's code after this call runs in the root only.
[[nodiscard]] result<int> run_root(fork_permit permit, root_plan plan);

/// In the primary: `code` is what it is going to exit with, and on purpose. Async-signal-safe;
/// nothing where there is no root.
void announce_exit(int code) noexcept;

/// In a primary: ends it, so that the root becomes another program. Nothing of it is destroyed, and
/// its descriptors stay open. Order: there is a root.
[[noreturn]] void leave_for_renewal() noexcept;

/// In a successor: the signal (TERM, INT, QUIT) by which the primary before it had been asked to
/// end, or 0. It ends what that one began; the signal itself does not come again.
[[nodiscard]] int asked_to_end() noexcept;

/// A primary that has ended. A value.
struct dead_primary {
    pid_t pid = 0;
    ward::report how;
};

/// In a successor: the primary before it, and how that one ended. Nothing: another program was the
/// root then, and told nobody.
[[nodiscard]] std::optional<dead_primary> last_primary() noexcept;

/// In the primary (and what it forks): the pid of the root, or 0 if there is none.
[[nodiscard]] pid_t root_pid() noexcept;

/// How many processes the root has reaped so far, primaries not counted; 0 where there is none.
[[nodiscard]] std::uint64_t ends_told() noexcept;

/// How `pid` ended, which the root reaped after it had told `since` ends. Nothing: it did not yet,
/// or 1,024 others ended after it.
[[nodiscard]] std::optional<ward::report> told_end(pid_t pid, std::uint64_t since) noexcept;

}  // namespace cohort::process
