#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <string_view>

namespace cohort::process {

/// Anonymous memory that holds these bytes, for who gets the descriptor: no file, no environment
/// that others can read. The name is what /proc shows. Errors: EMFILE, ENOMEM.
/// Source: memfd_create(2).
[[nodiscard]] result<unique_fd> keep_bytes(const char* name, std::string_view bytes);

}  // namespace cohort::process
