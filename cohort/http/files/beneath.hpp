#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <cstdint>
#include <string>

namespace cohort::http {

/// May a path lead through symbolic links? inside: if they stay below the folder. Without
/// openat2(2), none is followed.
enum class symlinks : std::uint8_t { refused, inside };

/// A folder to open files in. It can itself be a symbolic link. Blocks. Errors: errno of open(2).
[[nodiscard]] result<unique_fd> open_folder(const std::string& path);

/// Opens `path` below `folder`, and nothing that lies elsewhere: neither "..", nor absolute paths,
/// nor symbolic links lead out. The kernel sees to it, so renaming at the right moment does not
/// help either. An empty path is the folder. Blocks.
///
/// @param flags  Of open(2), reading ones; O_CLOEXEC is added.
///
/// Errors:       EXDEV or ELOOP, it leads out or through a link; ENOENT and others of open(2).
/// Source:       openat2(2), RESOLVE_BENEATH. Kernels and sandboxes without it: step by step, with
///               O_NOFOLLOW.
[[nodiscard]] result<unique_fd> open_beneath(const unique_fd& folder, const std::string& path,
                                             int flags, symlinks rule = symlinks::refused);

namespace detail {

/// The same without openat2(2).
[[nodiscard]] result<unique_fd> walk_beneath(const unique_fd& folder, const std::string& path,
                                             int flags);

}  // namespace detail

}  // namespace cohort::http
