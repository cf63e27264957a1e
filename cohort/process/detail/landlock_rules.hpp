#pragma once
// Which files a sandbox leaves: landlock(7), by its system calls. Closed to other rooms.

#include <cohort/process/child_side.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace cohort::process::detail {

/// What may be done below a path.
enum class reach : std::uint8_t {
    read,
    read_and_execute,
    execute,     ///< A program and what it is started by; and read it.
    write,       ///< Everything but to execute.
    write_open,  ///< Files that exist: devices.
};

/// The version of landlock that this kernel has; 0: none, or switched off.
[[nodiscard]] int landlock_version() noexcept;

/// What is allowed; everything else is not. A value, made before the fork.
class landlock_rules {
public:
    /// `version`: what landlock_version() said, at least 1.
    explicit landlock_rules(int version) noexcept
        : version_{version}
    {}
    void allow(std::string path, reach what) { rules_.push_back({std::move(path), what}); }
    /// Signals reach only processes of the same sandbox (version 6).
    void keep_signals_in() noexcept { keeps_signals_in_ = version_ >= 6; }
    [[nodiscard]] bool keeps_signals_in() const noexcept { return keeps_signals_in_; }

    /// In a newborn with no_new_privs: makes the rules true for it and all that come from it. A
    /// path that is not there, or that this user may not see, is allowed to nobody.
    /// Async-signal-safe. It opens descriptors for a moment, two at a time.
    /// `program`: a descriptor of a file that may be executed as well; -1: none.
    [[nodiscard]] stumble enforce(int program) const noexcept;

private:
    struct rule {
        std::string path;
        reach what;
    };
    [[nodiscard]] std::uint64_t handled() const noexcept;
    [[nodiscard]] bool add(int ruleset, int below, reach what) const noexcept;
    [[nodiscard]] std::uint64_t bits_of(reach what) const noexcept;

    int version_;
    bool keeps_signals_in_ = false;
    std::vector<rule> rules_;
};

}  // namespace cohort::process::detail
