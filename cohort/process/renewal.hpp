#pragma once
// Another program in the same process: its pid, its children, and the descriptors that it is left
// stay.

#include <cohort/base/error.hpp>
#include <cohort/process/manifest.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cohort::process {

/// What this process is going to be. A value.
struct renewal {
    int binary = -1;                ///< the file, open; -1: what lies at `path`
    std::string path;               ///< of the program, as it finds it in its origin
    std::vector<std::string> args;  ///< argv[0] first
    std::string folder;             ///< where it starts
    std::vector<std::string> more;  ///< environment to add, as "NAME=value"
    manifest named;                 ///< descriptors that it finds by name
    std::vector<int> held;          ///< others of ours, for it to sort out
    std::vector<int> passed;        ///< others that stay open, as at any exec
};

/// Becomes that program. Returns only if that failed, with the reason; this one goes on then.
///
/// Order: a single thread, and nobody shares the descriptor table: exec gives us a copy. Signals
/// that are blocked stay blocked, and wait for the program to come.
/// Errors: those of execveat(2); EMFILE; ENOENT, the folder is gone; errc::bad_value, a name.
/// Source: execve(2), Effect on signals and Effect on process attributes.
[[nodiscard]] fault renew(const renewal& what);

/// What the program before us left, in this process. A value; the numbers are open.
struct legacy {
    manifest named;
    std::vector<int> held;  ///< ascending
    std::string path;       ///< ours, when it was told
};

/// What was left to this program, if another one ran in this process before it. Found before main:
/// what was left is close-on-exec from then on, and children hear nothing of it.
/// Errors: errc::malformed, it makes no sense.
[[nodiscard]] const result<std::optional<legacy>>& found_legacy();

}  // namespace cohort::process
