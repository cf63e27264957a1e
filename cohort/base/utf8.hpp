#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cohort {

/// Is all of `text` well-formed UTF-8: no overlong forms, no surrogates, nothing past U+10FFFF?
/// Source: RFC 3629; Unicode, table 3-7.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// What others wrote, so that it can be shown: a tab is a space; control characters (C0, DEL, C1),
/// line ends among them, and bytes that are no UTF-8 are '?'. Nothing in it moves a cursor.
[[nodiscard]] std::string printable(std::string_view text);

/// `text` itself if it is UTF-8, or else what can be shown of it: JSON with anything else is none.
[[nodiscard]] std::string as_utf8(std::string_view text);

/// Its beginning, of at most `most` bytes, with no character torn.
[[nodiscard]] std::string_view cut_to(std::string_view text, std::size_t most) noexcept;

}  // namespace cohort
