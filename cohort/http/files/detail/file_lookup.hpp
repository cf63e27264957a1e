#pragma once

#include <cohort/http/files/beneath.hpp>
#include <cohort/http/files/detail/coding_choice.hpp>
#include <cohort/http/files/detail/representation.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cohort::http::detail {

/// A file that somebody asks for. A value.
struct sought_file {
    std::string folder;
    std::string path;           ///< Below it, without slashes at its ends.
    std::string index = {};     ///< What a folder is answered with; empty: nothing.
    bool names_folder = false;  ///< The path that was asked for ended with a slash.
    symlinks links = symlinks::refused;
    coding_order codings = {};
    std::size_t memory_max = 0;  ///< Bytes of files that are read at once.

    /// What we have of it already: no need to read that again.
    std::optional<file_mark> known = std::nullopt;
};

/// What was found. A value.
struct found_file {
    enum class kind : std::uint8_t {
        file,
        unchanged,  ///< It is as `known` says.
        folder,     ///< A folder with an index, asked for without its slash.
        absent,     ///< Or something else than a file.
        forbidden,  ///< The file system says that we may not read it.
        broken,     ///< It could not be read for another reason, which `why` says.
    };
    kind what = kind::absent;
    representation is = {};
    std::string why = {};
};

/// Looks on the disk. Blocks.
[[nodiscard]] found_file look_up(const sought_file& wanted);

/// The same for one path of the program's own, wherever it leads.
[[nodiscard]] found_file look_up_own(const std::string& path, std::size_t memory_max);

/// May a path that a client chose be looked up at all? No empty segments, "." or "..", no
/// backslashes or control characters; names that begin with a dot only if `hidden` may be seen.
enum class hidden_names : std::uint8_t { refused, allowed };
[[nodiscard]] bool is_plain_path(std::string_view path, hidden_names rule) noexcept;

}  // namespace cohort::http::detail
