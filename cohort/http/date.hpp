#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT" for seconds since 1970. Source: RFC 9110 section 5.6.7.
[[nodiscard]] std::array<char, 29> format_date(std::int64_t seconds) noexcept;

/// The present second in the same form, made once a second and thread.
/// Lifetime: until this thread asks again.
[[nodiscard]] std::string_view date_now() noexcept;

/// Any of the three forms a date can have in HTTP. Nothing if `text` is none of them.
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text) noexcept;

}  // namespace cohort::http
