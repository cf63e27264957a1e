#pragma once

#include <string_view>

namespace cohort::http::detail {

/// Is all of `text` well-formed UTF-8: no overlong forms, no surrogates, nothing past U+10FFFF?
/// Source: RFC 3629; Unicode, table 3-7.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace cohort::http::detail
