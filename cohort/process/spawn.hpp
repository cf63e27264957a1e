#pragma once
// Starting other programs. Nothing but spawn and clone creates processes in this project.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/child_side.hpp>
#include <cohort/process/memory_group.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/sandbox.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::process {

/// Where one of a program's three standard streams goes. A value.
class stdio {
public:
    enum class kind { inherit, pipe, null, file };

    stdio() noexcept = default;
    [[nodiscard]] static stdio inherit() noexcept { return {}; }
    /// The caller gets the other end, in child::pipes; close-on-exec and non-blocking on our side.
    [[nodiscard]] static stdio pipe() noexcept { return stdio{kind::pipe, {}}; }
    [[nodiscard]] static stdio null() noexcept { return stdio{kind::null, {}}; }
    /// Input is read from the file; output is appended to it (created with mode 0640).
    [[nodiscard]] static stdio file(std::string path) { return {kind::file, std::move(path)}; }

    [[nodiscard]] kind what() const noexcept { return kind_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    friend bool operator==(const stdio&, const stdio&) = default;

private:
    stdio(kind what, std::string path)
        : kind_{what}, path_{std::move(path)}
    {}
    kind kind_ = kind::inherit;
    std::string path_;
};

/// A descriptor that a program finds under a number of our choice.
struct kept_descriptor {
    int ours = -1;   ///< open in this process, and still ours afterwards
    int number = 3;  ///< in the program: 3 to 1,023, each once
};

/// Another program, and everything about how it starts.
struct program {
    /// A path, or a name without '/' that is looked up in PATH (that of `env`).
    std::string exec;
    /// An open descriptor of what is executed (origin.hpp), whatever has the name by now; -1: what
    /// `exec` says. Not for scripts.
    int binary = -1;
    std::vector<std::string> args;  ///< after argv[0]
    std::string argv0;              ///< empty: `exec`
    std::vector<std::string> env;   ///< the whole environment, as "NAME=value"
    std::string cwd;                ///< empty: ours
    stdio in;
    stdio out;
    stdio err;
    std::optional<credentials> user;
    std::shared_ptr<const sandbox> box;  ///< what it cannot do; nothing: what its user can, it can
    std::vector<kept_descriptor> keep;
    /// It leads a session of its own: no terminal reaches it.
    bool new_session = false;
    /// It leads a process group of its own, in our session: what it starts can be ended with it
    /// (child::signal_group()), and keys of a terminal do not reach it. So has who is `of_root`.
    bool own_group = false;
    /// Names of variables whose value is the pid of the program itself: "LISTEN_PID".
    std::vector<std::string> pid_variables;
    /// Open descriptors that it may have, as far as we may grant them; 0: as many as we.
    std::uint64_t files_max = 0;
    /// What the program gets when its parent dies.
    parent_death orphan = parent_death::kill();
    /// Its parent is the root (root_pid()), not us: it lives on when we die, and the root reaps it.
    /// Order: in the primary of a root.
    bool of_root = false;
    memory_group_ptr group;  ///< what it has in memory is bounded there; nullptr: it is not
};

/// Our own environment as "NAME=value", with `changes` ("NAME=value") replacing or adding.
[[nodiscard]] std::vector<std::string> environment_with(const std::vector<std::string>& changes);

/// Starts a program: fork, the steps of a newborn, exec. Returns once the exec has succeeded.
///
/// Descriptors: 0, 1, 2 as planned, those of `keep` under their numbers, nothing else.
///
/// Errors: errno with the step that failed in words: "exec ./server: No such file or directory",
///         "change directory /nowhere: …", "set user 33: …", "open log.txt: …"; EAGAIN, no more
///         processes allowed (again later). On failure nothing was left behind.
/// Loop:   blocks for the exec, about a millisecond.
/// Source: fork(2), execve(2), execveat(2), close_range(2).
[[nodiscard]] result<child> spawn(fork_permit permit, const program& what);

}  // namespace cohort::process
