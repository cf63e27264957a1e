#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// True: there is no escape, no "+" and no NUL in it, so that decoding changes nothing.
[[nodiscard]] bool is_unescaped(std::string_view text) noexcept;

/// Undoes "%41" in one path segment. Nothing if an escape is broken or hides a NUL, which no path
/// can hold and C libraries would stop at. "+" stays "+".
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view segment);

/// The same for a name or value of a query, where "+" means a space.
/// Source: WHATWG URL, application/x-www-form-urlencoded.
[[nodiscard]] std::optional<std::string> query_decode(std::string_view text);

/// The value of the first `name` in "a=1&b=2", decoded. Nothing if absent or badly escaped.
[[nodiscard]] std::optional<std::string> query_value(std::string_view query, std::string_view name);

/// Escapes all but unreserved characters, for building paths and queries.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace cohort::http
