#pragma once
// Which file had a name, for who will ask later whether it still does.

#include <cohort/config/settings.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cohort::primary {

/// A file as it is found by its name. A value.
struct file_mark {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
    std::int64_t changed_ns = 0;  ///< its contents, as the file system says
    std::int64_t size = 0;

    friend bool operator==(const file_mark&, const file_mark&) = default;
};

/// Is it one and the same file, unchanged, whatever it is called?
[[nodiscard]] bool is_same_file(const file_mark& one, const file_mark& other) noexcept;

/// The program of these settings, where it is executed by its name, and those of its arguments that
/// name scripts, by their endings. At most 16; what a script reads in turn, nobody knows. `held`:
/// the program itself is kept by its descriptor. Blocks for some looks at the file system.
enum class program_is : std::uint8_t { held, named };
[[nodiscard]] std::vector<file_mark> files_of(const config::settings& of, program_is how);

/// One file. Nothing: it is not there, or no regular file.
[[nodiscard]] std::optional<file_mark> mark_of(const std::string& path);

/// Does anybody write to it? Only its owner can know; to others nobody does.
[[nodiscard]] bool is_written_to(const std::string& path);

/// Those that are not what they were, or are gone: their paths.
[[nodiscard]] std::vector<std::string> changed_since(const std::vector<file_mark>& then);

}  // namespace cohort::primary
