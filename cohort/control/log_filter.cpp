#include <cohort/control/log_filter.hpp>

#include <cohort/control/fields.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace cohort::control {

namespace {

namespace json = boost::json;

constexpr auto levels =
    std::to_array<std::string_view>({"trace", "debug", "info", "warn", "error", "fatal"});

/// Ours, or else pino's.
std::string_view time_of(const json::object& line)
{
    const std::string_view ours = text_at(line, "timestamp");
    return ours.empty() ? text_at(line, "time") : ours;
}

}  // namespace

std::optional<json::object> parse_log_line(std::string_view line)
{
    if (line.empty() || line.front() != '{')
        return std::nullopt;
    json::parse_options how;
    how.allow_invalid_utf8 = true;
    json::error_code ec;
    json::value all = json::parse({line.data(), line.size()}, ec, {}, how);
    if (ec || !all.is_object())
        return std::nullopt;
    return std::move(all.as_object());
}

std::optional<unsigned> rank_in(const json::object& line)
{
    if (const auto number = number_at(line, "level")) {
        const auto rank = *number / 10 - 1;
        return rank >= 0 && rank < 6 ? std::optional{static_cast<unsigned>(rank)} : std::nullopt;
    }
    return rank_of(text_at(line, "level"));
}

std::optional<unsigned> rank_of(std::string_view level) noexcept
{
    const auto found = std::ranges::find(levels, level);
    if (found == levels.end())
        return std::nullopt;
    return static_cast<unsigned>(found - levels.begin());
}

std::string_view level_of(unsigned rank) noexcept
{
    return rank < levels.size() ? levels[rank] : std::string_view{};
}

bool log_filter::wants(std::string_view line) const
{
    if (!part.empty() && line.find(part) == std::string_view::npos)
        return false;
    if (!least && since.empty() && !slot)
        return true;
    const auto words = parse_log_line(line);
    if (!words)
        return !least && !slot && since.empty();
    if (least && rank_in(*words).value_or(0) < *least)
        return false;
    if (!since.empty() && time_of(*words) < since)
        return false;
    if (!slot)
        return true;
    if (const auto own = number_at(*words, "slot"))
        return *own == *slot;
    return (pid && number_at(*words, "pid") == pid) ||
           (worker && number_at(*words, "workerId") == worker);
}

}  // namespace cohort::control
