#pragma once
// Stories of deaths as files, two for each: one for people (.txt), one for programs (.json). The
// oldest ones go, so that there are never more than a number of them, nor more than some bytes.
// Root does not follow links to them, and takes no folder that is not its own: a worker could have
// made it.

#include <cohort/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::primary {

/// How many are kept. A value.
struct crash_files_bounds {
    std::size_t reports = 32;
    std::uint64_t bytes = std::uint64_t{16} << 20;
};

/// Which death. A view: for the call.
struct crash_name {
    std::string_view app;
    std::uint32_t slot = 0;
    std::uint32_t worker = 0;
    std::string_view time;  ///< "2024-01-26T10:00:00.000Z"
};

/// One death. Views: for the call.
struct crash_file {
    crash_name name;
    std::string_view json;
    std::string_view text;
};

/// Where they lie if nobody says: $STATE_DIRECTORY/crashes (systemd), or else "crashes" in the
/// folder of the admin sockets. Makes it, with mode 0700.
/// Errors: EACCES, ENOENT, EROFS, … : no such folder can be used.
[[nodiscard]] result<std::filesystem::path> usual_crash_folder();
/// That one, which is made if only itself is missing. Errors: likewise.
[[nodiscard]] result<std::filesystem::path> crash_folder(std::filesystem::path chosen);

/// Writes one, and takes away what is too much of the same app: what was written first, by a clock
/// that may have been put back since. Blocks for two small files.
/// @return  the path of the text.
/// Errors: ENOSPC, EACCES, …: there is no file then, nor half of one; ENOTDIR, ELOOP,
///         errc::bad_value, a folder that root does not use.
[[nodiscard]] result<std::filesystem::path> write_crash(const std::filesystem::path& folder,
                                                        const crash_file& what,
                                                        const crash_files_bounds& most);

/// What lies there for people, and where. A value.
struct crash_text {
    std::filesystem::path path;
    std::string text;  ///< at most 1 MiB of it
};
/// Nothing: none was written, or it is gone. Blocks for a small file.
[[nodiscard]] std::optional<crash_text> read_crash(const std::filesystem::path& folder,
                                                   const crash_name& which);

}  // namespace cohort::primary
