#pragma once
// Values as TOML. Closed to other rooms.

#include <string>
#include <string_view>

namespace cohort::config::detail {

/// A basic string: in quotes, with escapes. The bytes of UTF-8 stay as they are.
[[nodiscard]] std::string quote(std::string_view text);

/// "[a, b]", of what `show` makes of each.
template <class List, class Show>
std::string list_of(const List& all, Show show)
{
    std::string text = "[";
    for (const auto& one : all) {
        if (text.size() > 1)
            text += ", ";
        text += show(one);
    }
    return text + "]";
}

}  // namespace cohort::config::detail
