#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace cohort::observe {

/// Appends `text` to `out` as a JSON string with its quotes. Control characters are escaped, those
/// of U+0080 to U+009F as well, bytes that are no UTF-8 become U+FFFD, so that one client's garbage
/// cannot spoil a line for its reader, nor command the terminal.
///
/// @param escaped_max  Bytes the escaped text may use, quotes not counted; never cut inside a
///                     character.
/// @return             false when the text was cut.
///
/// Source:       RFC 8259 section 7; well-formed UTF-8 as Unicode's table 3-7 has it.
bool append_json_string(std::string& out, std::string_view text,
                        std::size_t escaped_max = std::numeric_limits<std::size_t>::max());

}  // namespace cohort::observe
