#pragma once
// How this program was started, so that it can be started again: from the same path, where a new
// build may lie by now, or from the very file that runs here.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <string>
#include <vector>

namespace cohort::process {

/// A value.
struct origin {
    std::vector<std::string> args;  ///< all of them, argv[0] first
    std::string path;               ///< of the program, absolute; links in it are not resolved
    std::string folder;             ///< where it was started; as $PWD says, where that is true
};

/// Remembers argc and argv, which set_title writes over. First thing in main; a second call, and
/// one with other arguments than the kernel's, does nothing.
void remember_origin(int argc, char** argv);

/// As remembered, or as /proc tells. Errors: ENOENT, nobody remembered and /proc is not mounted.
[[nodiscard]] result<origin> own_origin();

/// The file that runs here, even if another one has its path by now. Close-on-exec, without access
/// to its bytes (O_PATH). Errors: ENOENT, /proc is not mounted; EMFILE.
[[nodiscard]] result<unique_fd> open_own_binary();

/// What lies at `path` now: to be kept, so that it can be executed when something else lies there.
/// Errors: ENOENT; EACCES, it is not executable; EISDIR.
[[nodiscard]] result<unique_fd> open_binary(const std::string& path);

/// An ELF file can be executed by its descriptor; a script cannot: its interpreter opens it by
/// name.
[[nodiscard]] bool runs_by_descriptor(int binary);

}  // namespace cohort::process
