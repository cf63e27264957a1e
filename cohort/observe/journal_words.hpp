#pragma once
// Lines as systemd's journal takes them: one datagram each, fields of text.

#include <string>
#include <string_view>

namespace cohort::observe {

/// A line of ours, as a datagram: MESSAGE, and the PRIORITY that its level says.
///
/// @param line  without its end.
///
/// Source: systemd, "Native Journal Protocol".
[[nodiscard]] std::string journal_words(std::string_view line, std::string_view identifier);

/// syslog(3)'s number for the level that a line names, JSON or text; "info" if it names none.
[[nodiscard]] int priority_of(std::string_view line) noexcept;

}  // namespace cohort::observe
