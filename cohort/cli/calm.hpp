#pragma once

#include <string>
#include <string_view>

namespace cohort::cli {

/// What we say, whoever's words are in it: printable line by line, and with our own colours.
[[nodiscard]] std::string calm(std::string_view text);

/// What others wrote, line by line, each printable; without the line end at its end.
[[nodiscard]] std::string printable_lines(std::string_view text);

}  // namespace cohort::cli
