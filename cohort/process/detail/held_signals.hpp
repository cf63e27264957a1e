#pragma once

#include <csignal>
#include <ctime>

namespace cohort::process::detail {

/// TERM, INT, QUIT.
[[nodiscard]] bool means_the_end(int number) noexcept;

/// The signals that a root keeps back, to pass them on to its primaries one by one. A value that
/// stands for what this process blocks.
class held_signals {
public:
    /// Blocks all, but a stop from the terminal: that stops us as it stops our group, and the shell
    /// waits for it. `again`: the root before us had blocked them, in this very process.
    void hold(bool again) noexcept;
    /// As it was before.
    void restore() const noexcept;
    /// In a primary: as it was before, but for what a primary is to hear. That waits until it does:
    /// the default action of a HUP that comes while it starts, or leaves, would end it, and so all.
    void let_others_in() const noexcept;
    /// The next one that is held. Returns as sigtimedwait(2) does; no deadline without `longest`.
    int wait(siginfo_t& about, const timespec* longest) const noexcept;

    /// A HUP that comes after the last primary is for nobody. It must not become our exit status.
    static void let_latecomers_be() noexcept;

private:
    sigset_t before_{};
    sigset_t held_{};
};

}  // namespace cohort::process::detail
