#pragma once
// Enumerations whose values have names. Closed to other rooms.

#include <cohort/base/error.hpp>

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace cohort::config::detail {

/// The value whose name `text` is; `names` has them in the order of the enumeration.
template <class Enum, std::size_t N>
result<Enum> parse_name(std::string_view text, const std::array<std::string_view, N>& names,
                        literal doing)
{
    const auto found = std::ranges::find(names, text);
    if (found == names.end())
        return failed(errc::bad_value, doing,
                      fmt::format("{} from \"{}\"", fmt::join(names, ", "), text));
    return static_cast<Enum>(found - names.begin());
}

/// TOML can write a NUL; the kernel would cut there.
inline bool plain(std::string_view text) noexcept
{
    return text.find('\0') == std::string_view::npos;
}

template <class T>
bool within(T value, T low, T high) noexcept
{
    return value >= low && value <= high;
}

}  // namespace cohort::config::detail
