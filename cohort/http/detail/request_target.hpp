#pragma once

#include <cohort/http/head.hpp>
#include <cohort/http/violation.hpp>

#include <string_view>

namespace cohort::http::detail {

/// Takes a complete target apart: sets `form`, `path`, `query` and, for an absolute target, `host`
/// of `out`; `verb` must be known. Single characters and escapes were checked while reading.
///
/// @param bytes  The request; the target is at `out.target`.
/// @return       The rule it breaks, or null.
[[nodiscard]] const violation* split_target(std::string_view bytes, head& out) noexcept;

}  // namespace cohort::http::detail
