#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::process {

/// What the kernel says of one thread. A value.
struct thread_view {
    pid_t thread = 0;
    std::string name;
    char state = '?';           ///< as in ps: R, S, D, T, t, Z
    std::uint64_t handled = 0;  ///< signals with a handler: bit n-1 is signal n
    std::uint64_t blocked = 0;  ///< signals that it does not let in
    std::string waits_in;       ///< a function of the kernel; empty: nowhere, or not to be known
    std::string system_call;    ///< its number and arguments; empty: likewise
    std::vector<std::string> stack;  ///< in the kernel, the innermost first; only root may see it

    [[nodiscard]] bool stopped() const noexcept { return state == 'T' || state == 't'; }
    /// A handler of it would run.
    [[nodiscard]] bool answers(int signal) const noexcept
    {
        const std::uint64_t bit = std::uint64_t{1} << (signal - 1);
        return (handled & bit) != 0 && (blocked & bit) == 0;
    }
};

/// "runs", "waits", "is stopped"…: how a sentence about it goes on.
[[nodiscard]] std::string_view words_of_state(char state) noexcept;

/// Out of /proc/PID/task/TID/status. Nothing: it is no such text.
[[nodiscard]] std::optional<thread_view> parse_thread_status(std::string_view text);

/// The threads of a process, the first one first. A value.
struct threads_view {
    std::vector<thread_view> threads;
    std::size_t more = 0;  ///< that were too many
};

/// Up to `most` of them, each with the place where it waits. Empty: the process is gone, or hidden.
[[nodiscard]] threads_view look_at_threads(pid_t process, std::size_t most);

/// Adds what costs more, and what mostly only root may see: system call, and stack in the kernel.
void look_closer(pid_t process, thread_view& at);

}  // namespace cohort::process
