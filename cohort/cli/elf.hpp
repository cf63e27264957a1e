#pragma once

#include <cohort/base/error.hpp>

#include <filesystem>
#include <optional>
#include <string_view>

namespace cohort::cli {

/// Whether a program was built with the library: it carries a note that says so, also stripped.
/// What is no ELF program of this machine's kind, such as a script, was not.
/// Errors: errno of open(2) or read(2).
[[nodiscard]] result<bool> is_built_with_cohort(const std::filesystem::path& program);

/// The same for the bytes of a notes segment.
[[nodiscard]] bool has_cohort_note(std::string_view notes) noexcept;

/// The file that a shell would start for `name`: a path, or found in PATH. Nothing: none.
[[nodiscard]] std::optional<std::filesystem::path> find_program(std::string_view name,
                                                                std::string_view path_variable);

}  // namespace cohort::cli
