#pragma once
// Walking through the small text files of /proc and /sys. Closed to other rooms.

#include <cohort/base/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace cohort::process::detail {

/// Takes what stands before the first `separator`, or everything, off the front of `rest`.
inline std::string_view cut(std::string_view& rest, char separator) noexcept
{
    const std::size_t at = rest.find(separator);
    const std::string_view front = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return front;
}

/// Takes one line, without its end, off the front of `rest`.
inline std::string_view next_line(std::string_view& rest) noexcept { return cut(rest, '\n'); }

/// The number behind a word that starts a line: "oom_kill 3". Nothing: there is none.
inline std::optional<std::uint64_t> number_behind(std::string_view text,
                                                  std::string_view name) noexcept
{
    while (!text.empty()) {
        std::string_view line = next_line(text);
        if (cut(line, ' ') == name)
            return parse_integer<std::uint64_t>(line);
    }
    return std::nullopt;
}

/// `text` behind the blanks and tabs that it begins with.
inline std::string_view skip_blanks(std::string_view text) noexcept
{
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text;
}

/// Digits of base 16, and nothing else. Nothing: it is none, or too large.
template <class Number = std::uint64_t>
std::optional<Number> hexadecimal(std::string_view text) noexcept
{
    Number value = 0;
    const auto* const end = text.data() + text.size();
    const auto [at, failed] = std::from_chars(text.data(), end, value, 16);
    return failed == std::errc{} && at == end ? std::optional{value} : std::nullopt;
}

}  // namespace cohort::process::detail
