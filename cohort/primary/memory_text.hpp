#pragma once
// Texts that go from one process to another in anonymous memory: no file, no environment that
// others can read.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <string>
#include <string_view>

namespace cohort::primary {

/// Errors: EMFILE, ENOMEM.
[[nodiscard]] result<unique_fd> keep_text(std::string_view text);
/// At most 1 MiB of it. Errors: those of pread(2).
[[nodiscard]] result<std::string> read_text(const unique_fd& memory);

}  // namespace cohort::primary
