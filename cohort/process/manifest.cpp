#include <cohort/process/manifest.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/process/detail/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cohort::process {

namespace {

constexpr std::size_t entries_max = 256;
constexpr std::size_t name_max = 64;
constexpr int number_max = (1 << 20) - 1;

bool is_name(std::string_view text) noexcept
{
    const auto fine = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    };
    return !text.empty() && text.size() <= name_max && std::ranges::all_of(text, fine);
}

/// Does `entry` follow the rules, also beside those before it?
bool fits(const manifest& before, const named_descriptor& entry)
{
    if (!is_name(entry.name) || entry.number < 0 || entry.number > number_max)
        return false;
    if (before.size() >= entries_max)
        return false;
    return std::ranges::none_of(before, [&](const named_descriptor& other) {
        return other.name == entry.name || other.number == entry.number;
    });
}

/// Decimal digits without sign or leading zeros: one spelling for one number.
std::optional<int> parse_number_of(std::string_view text)
{
    if (text.starts_with('-') || (text.size() > 1 && text.starts_with('0')))
        return std::nullopt;
    return parse_integer<int>(text);
}

}  // namespace

result<std::string> encode(const manifest& list)
{
    manifest before;
    std::string text;
    for (const named_descriptor& entry : list) {
        if (!fits(before, entry))
            return failed(errc::bad_value, "write manifest entry",
                          fmt::format("{}:{}", entry.name, entry.number));
        before.push_back(entry);
        text += fmt::format("{}{}:{}", text.empty() ? "" : ",", entry.name, entry.number);
    }
    return text;
}

result<manifest> parse_manifest(std::string_view text)
{
    constexpr std::size_t shown = 80;
    manifest list;
    if (text.empty())
        return list;
    // A comma at the end is an empty last entry, and refused like one.
    for (bool more = true; more;) {
        more = text.find(',') != std::string_view::npos;
        const std::string_view entry = detail::cut(text, ',');
        std::string_view rest = entry;
        const std::string_view name = detail::cut(rest, ':');
        const auto number = parse_number_of(rest);
        named_descriptor read{std::string{name}, number.value_or(-1)};
        if (!number || !fits(list, read))
            return failed(errc::malformed, "read manifest entry",
                          fmt::format("\"{}\"", entry.substr(0, shown)));
        list.push_back(std::move(read));
    }
    return list;
}

}  // namespace cohort::process
