#pragma once
// Reading values out of text, all of it or nothing.

#include <cohort/base/error.hpp>

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort {

/// The whole of `text` as a decimal integer that fits T; no sign for unsigned types, no spaces,
/// no '+'. Nothing if it is anything else.
template <std::integral T>
[[nodiscard]] std::optional<T> parse_integer(std::string_view text) noexcept
{
    T value{};
    const char* end = text.data() + text.size();
    const auto [stopped_at, ec] = std::from_chars(text.data(), end, value);
    if (ec != std::errc{} || stopped_at != end || text.empty())
        return std::nullopt;
    return value;
}

/// The whole of `text` as a finite decimal number. Nothing if it is anything else.
[[nodiscard]] std::optional<double> parse_number(std::string_view text) noexcept;

/// "250ms", "30s", "5m", "2h", "1d", also "100us"; the unit is required, except for "0".
/// Errors: errc::bad_value with what was expected.
[[nodiscard]] result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// "512", "512B", "64K", "512M", "2G": bytes, powers of 1024. Errors: errc::bad_value.
[[nodiscard]] result<std::uint64_t> parse_size(std::string_view text);

}  // namespace cohort
