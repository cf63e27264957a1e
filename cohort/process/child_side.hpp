#pragma once
// The steps of a newborn process, in order. Everything here is async-signal-safe: it runs between
// fork and exec, in a copy of a process whose heap and locks may be in any state.

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <span>
#include <string_view>

namespace cohort::process {

/// The exit code of a newborn that could not take its first steps.
inline constexpr int stillborn = 125;

/// Who a newborn becomes. Supplementary groups are dropped (if we may).
struct credentials {
    uid_t uid = 0;
    gid_t gid = 0;
    friend bool operator==(const credentials&, const credentials&) = default;
};

/// What a process gets when its parent dies. A value.
class parent_death {
public:
    /// SIGKILL at once. Survives an exec (unless the program is setuid).
    [[nodiscard]] static parent_death kill() noexcept { return {how::kill, {}}; }
    /// `grace` of time to leave in peace, then the end by SIGALRM even if its loop is stuck. Only
    /// for life without exec: it rests on a signal handler.
    [[nodiscard]] static parent_death after(std::chrono::milliseconds grace) noexcept
    {
        return {how::after, grace};
    }
    /// Nothing. For tests, and for programs that must survive us.
    [[nodiscard]] static parent_death ignored() noexcept { return {how::ignored, {}}; }

    enum class how { kill, after, ignored };
    [[nodiscard]] how what() const noexcept { return how_; }
    [[nodiscard]] std::chrono::milliseconds grace() const noexcept { return grace_; }

private:
    parent_death(how what, std::chrono::milliseconds grace) noexcept
        : how_{what}, grace_{grace}
    {}
    how how_;
    std::chrono::milliseconds grace_;
};

/// Where a newborn got stuck; spawn turns it into words.
enum class step : int {
    none,
    reset_signals,
    place_descriptors,
    close_descriptors,
    limit_files,
    set_groups,
    set_group,
    set_user,
    capabilities,
    change_directory,
    death_signal,
    parent_gone,
    no_new_privileges,
    landlock,
    seccomp,
    exec,
};

/// "set up seccomp", for a sentence that begins with "could not"; nothing for a step that needs
/// none.
[[nodiscard]] std::string_view words_of(step at) noexcept;

/// The step that failed and its errno; step::none if none did.
struct stumble {
    step at = step::none;
    int why = 0;
};

/// Blocks every signal, so that no handler of the parent runs in a newborn; restores the mask when
/// destroyed (in the parent; the child goes to an empty mask). A resource.
class signal_silence {
public:
    signal_silence() noexcept;
    ~signal_silence();
    signal_silence(const signal_silence&) = delete;
    signal_silence& operator=(const signal_silence&) = delete;

private:
    unsigned char before_[128];  // a sigset_t, kept out of this header
};

/// Enters the control group behind `door`, its cgroup.procs open for writing; -1: stays. It stays,
/// too, where that fails, and says so on its standard error: a bound is no reason not to live.
/// Order: first of all, what it uses counts there.
void enter_group(int door) noexcept;

/// Gives every signal its default action back, then lets them in again.
[[nodiscard]] stumble reset_signals() noexcept;

/// Closes every descriptor that is not in `keep` (sorted, ascending, each once).
[[nodiscard]] stumble close_all_but(std::span<const int> keep) noexcept;

/// Supplementary groups, group, user, in this order, and none of them back.
[[nodiscard]] stumble become(const credentials& who) noexcept;

/// Arranges our end when `parent` dies; fails with step::parent_gone if it is dead already.
/// Order: after become(), which clears the kernel's note (prctl(2), PR_SET_PDEATHSIG).
[[nodiscard]] stumble on_parent_death(const parent_death& orphan, pid_t parent) noexcept;

}  // namespace cohort::process
