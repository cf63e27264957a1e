#pragma once
// The file that workers are started from, when they are another program.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <cstdint>
#include <string>

namespace cohort::primary {

/// Whether a program was built with this library: then its file names COHORT_CHANNEL_FD. A script
/// that starts such a program does not.
enum class build : std::uint8_t { unknown, with_cohort };

/// A file that is kept, so that it can be executed when something else has its name. A resource.
struct program_file {
    std::string exec;  ///< that it was opened for
    unique_fd binary;  ///< not valid: it is executed by its name (scripts; what PATH finds)
    build made = build::unknown;
};

/// What a start of `exec` in the folder `cwd` would execute now. Blocks while the file is read: 64
/// MiB of it at most.
/// Errors: ENOENT; EACCES, it is not executable; EISDIR.
[[nodiscard]] result<program_file> hold_program(const std::string& exec, const std::string& cwd);

/// The same for a path; scripts are executed by their path, and not held.
[[nodiscard]] result<unique_fd> hold_binary(const std::string& path);

}  // namespace cohort::primary
