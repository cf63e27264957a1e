#pragma once
// The small words of tracestate and baggage.

#include <algorithm>
#include <string_view>

namespace cohort::observe::detail {

[[nodiscard]] constexpr bool is_small_or_digit(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// Without the spaces and tabs around it.
[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept
{
    constexpr std::string_view blanks = " \t";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// What stands before the first `at`, which is cut off `rest` with it; all of it if there is none.
[[nodiscard]] constexpr std::string_view cut(std::string_view& rest, char at) noexcept
{
    const std::size_t size = std::min(rest.find(at), rest.size());
    const std::string_view first = rest.substr(0, size);
    rest.remove_prefix(std::min(size + 1, rest.size()));
    return first;
}

}  // namespace cohort::observe::detail
