#pragma once
// Walking through the small text files of /proc and /sys. Closed to other rooms.

#include <string_view>

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

}  // namespace cohort::process::detail
