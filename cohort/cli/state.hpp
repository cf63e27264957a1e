#pragma once
// What `cohort start` leaves for the verbs that come later: where a cohort's output goes, and how
// it was started.

#include <cohort/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cohort::cli {

/// How a cohort was started. A value.
struct launch_record {
    std::string app;
    std::string program;            ///< an absolute path
    std::vector<std::string> args;  ///< after the program's name
    std::string folder;             ///< where it runs
    bool wanted = false;            ///< it has run, and nobody has stopped it since
};

/// $COHORT_STATE_DIR; else /var/log/cohort (root), $XDG_STATE_HOME/cohort or
/// ~/.local/state/cohort. Made if it is not there.
/// Errors: ENOENT, there is no HOME; errno of mkdir(2).
[[nodiscard]] result<std::filesystem::path> state_folder();
/// Likewise, and nothing is made.
[[nodiscard]] result<std::filesystem::path> state_path();

[[nodiscard]] std::filesystem::path log_file(const std::filesystem::path& state,
                                             const std::string& app);

/// Errors: errno of open(2), write(2), rename(2).
[[nodiscard]] result<> remember(const std::filesystem::path& state, const launch_record& what);
/// Nothing: it was not started by `cohort start`.
[[nodiscard]] std::optional<launch_record> recall(const std::filesystem::path& state,
                                                  const std::string& app);

/// Writes down that it runs, or that it was stopped. Nothing is known of it: nothing happens.
void want(const std::filesystem::path& state, const std::string& app, bool wanted);
/// Records of those that are wanted, of this runtime directory, by name.
[[nodiscard]] std::vector<launch_record> wanted_apps(const std::filesystem::path& state);

/// How long it is; 0: it is not there.
[[nodiscard]] std::uintmax_t bytes_of(const std::filesystem::path& file) noexcept;

/// The last lines of a file, at most so many and 1 MiB of them.
///
/// @param after  bytes at its front that are not meant: what was there before. A file that is
///               shorter by now was cut, and is meant as a whole.
[[nodiscard]] std::vector<std::string> last_lines(const std::filesystem::path& file,
                                                  std::size_t most, std::uintmax_t after);

}  // namespace cohort::cli
