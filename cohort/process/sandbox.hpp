#pragma once
// What a worker cannot do any more, whatever its code would like: no new privileges, none of root's
// capabilities, system calls by seccomp(2), files by landlock(7). Everything is prepared before
// the fork; the newborn only makes calls.

#include <cohort/base/error.hpp>
#include <cohort/process/capabilities.hpp>
#include <cohort/process/child_side.hpp>
#include <cohort/process/detail/landlock_rules.hpp>

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::process {

/// off: as a process is born. server: leaves the machine and other processes alone, reads and
/// executes what it may, writes to its folders, /tmp and devices. strict: no other program, no
/// other process, no socket but of IP and Unix, reads the system and its own folders, writes to
/// those it was given. onlooker: for a process of our own that has what it works with; strict, and
/// it opens files to read alone, of the system only what finds hosts and tells its load, and makes
/// no Unix socket.
enum class sandbox_profile : std::uint8_t { off, server, strict, onlooker };

/// "off", "server", "strict", "onlooker".
[[nodiscard]] std::string_view name_of(sandbox_profile which) noexcept;

/// Which sandbox. A value.
struct sandbox_options {
    sandbox_profile profile = sandbox_profile::off;
    std::vector<std::string> read;   ///< strict, onlooker: folders and files besides the system's
    std::vector<std::string> write;  ///< folders and files, below which all is its own
    std::vector<std::string> capabilities;  ///< that it keeps: "net_bind_service"
    bool no_new_privs = false;              ///< without a profile; each of them has it anyway
    bool best_effort = false;               ///< strict, even where the kernel cannot do all of it
    /// What will be executed: a path, or a name for `search`. strict lets nothing else be. Empty:
    /// nothing is, the worker is a copy of this process.
    std::string program;
    std::string search = "/usr/local/bin:/usr/bin:/bin";  ///< where a name is looked for
};

/// A sandbox, ready to be entered by newborns. A value; entering allocates nothing.
class sandbox {
public:
    /// Errors: errc::bad_value, a capability that does not exist or that we do not have, a path
    ///         that is relative; errc::not_supported, the kernel cannot do what `strict` means,
    ///         and best_effort was not asked for. Loop: reads a few files.
    [[nodiscard]] static result<sandbox> prepare(const sandbox_options& wanted);

    /// For the log: what holds; empty: nothing is kept from anybody.
    [[nodiscard]] const std::string& words() const noexcept { return words_; }
    /// For the log: what the kernel does not offer, and folders that are not there.
    [[nodiscard]] const std::vector<std::string>& missing() const noexcept { return missing_; }

    // The steps of a newborn, in this order, with become() between the first two.
    // Async-signal-safe.

    [[nodiscard]] stumble bound() const noexcept;
    [[nodiscard]] stumble drop() const noexcept;
    /// There is no way back out of it, for this process and all that come from it. It opens
    /// descriptors for a moment, two at a time. `program`: a descriptor of what is executed next,
    /// whose path may lead elsewhere by now; -1: a path is.
    [[nodiscard]] stumble enter(int program = -1) const noexcept;

private:
    sandbox() = default;
    void plan_files(const sandbox_options& wanted, int version);
    void plan_calls(const sandbox_options& wanted);
    void find_words(const sandbox_options& wanted, int version);

    capability_set kept_;
    std::optional<detail::landlock_rules> files_;
    std::vector<sock_filter> calls_;
    std::string words_;
    std::vector<std::string> missing_;
    bool confines_ = false;  // the profile is not off
    bool no_new_privs_ = false;
};

}  // namespace cohort::process
