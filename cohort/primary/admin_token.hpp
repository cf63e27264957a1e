#pragma once

#include <cohort/base/error.hpp>

#include <filesystem>
#include <string>

namespace cohort::primary {

/// A file with what proves over TCP that somebody may ask a cohort: 256 random bits, mode 0600. The
/// one that is there already stays, if it is ours and nobody else could have read it.
/// Errors: EACCES, ENOENT, ENOSPC, … of its folder.
[[nodiscard]] result<> keep_token_file(const std::filesystem::path& path);

/// What is wrong with a file of a token that an operator has named: nobody can be let in by it, or
/// others than a group know it, too. For the log; empty: nothing.
[[nodiscard]] std::string doubts_about_token(const std::filesystem::path& path);

}  // namespace cohort::primary
