#include <cohort/config/app_name.hpp>

#include <cohort/base/parse.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace cohort::config {

namespace {

constexpr std::size_t longest = 64;

bool fits(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/// Where the '.' of a slot is, or npos.
std::size_t slot_mark(std::string_view text) noexcept
{
    const auto dot = text.rfind('.');
    if (dot == std::string_view::npos || dot == 0)
        return std::string_view::npos;
    return parse_integer<std::uint32_t>(text.substr(dot + 1)) ? dot : std::string_view::npos;
}

}  // namespace

bool is_app_name(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= longest && std::ranges::all_of(text, fits) &&
           text != "all" && slot_mark(text) == std::string_view::npos;
}

std::string app_name_of(std::string_view program)
{
    // No '/' is npos, and one after it is the front.
    std::string name{program.substr(program.rfind('/') + 1)};
    std::ranges::replace_if(name, [](char c) { return !fits(c); }, '_');
    name.resize(std::min(name.size(), longest));
    if (const auto dot = slot_mark(name); dot != std::string::npos)
        name[dot] = '-';
    return name.empty() || name == "all" ? "app" : name;
}

}  // namespace cohort::config
