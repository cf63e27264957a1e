#include <cohort/cli/log_filter.hpp>

#include <cohort/cli/console.hpp>
#include <cohort/cli/view.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cohort::cli {

namespace {

namespace json = boost::json;

constexpr auto levels =
    std::to_array<std::string_view>({"trace", "debug", "info", "warn", "error", "fatal"});

std::optional<json::object> parse(std::string_view line)
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

/// The first of these names that is there: ours, and pino's.
std::string first_of(const json::object& in, std::string_view one, std::string_view other)
{
    std::string text = text_at(in, one);
    return text.empty() ? text_at(in, other) : text;
}

std::optional<unsigned> rank_in(const json::object& in)
{
    if (const auto number = number_at(in, "level")) {
        const auto rank = *number / 10 - 1;
        return rank >= 0 && rank < 6 ? std::optional{static_cast<unsigned>(rank)} : std::nullopt;
    }
    return rank_of(text_at(in, "level"));
}

}  // namespace

std::optional<unsigned> rank_of(std::string_view level) noexcept
{
    const auto found = std::ranges::find(levels, level);
    if (found == levels.end())
        return std::nullopt;
    return static_cast<unsigned>(found - levels.begin());
}

bool log_filter::wants(std::string_view line) const
{
    if (!part.empty() && line.find(part) == std::string_view::npos)
        return false;
    if (!least && since.empty() && !slot)
        return true;
    const auto words = parse(line);
    if (!words)
        return !least && !slot && since.empty();
    if (least && rank_in(*words).value_or(0) < *least)
        return false;
    if (!since.empty() && first_of(*words, "timestamp", "time") < since)
        return false;
    if (!slot)
        return true;
    if (const auto own = number_at(*words, "slot"))
        return *own == *slot;
    return (pid && number_at(*words, "pid") == pid) ||
           (worker && number_at(*words, "workerId") == worker);
}

std::string readable(std::string_view line)
{
    const auto words = parse(line);
    if (!words)
        return printable(line);
    std::string text = first_of(*words, "timestamp", "time");
    const auto rank = rank_in(*words);
    text += fmt::format(" {:<5} {}", rank ? levels[*rank] : "", first_of(*words, "message", "msg"));
    constexpr auto shown = std::to_array<std::string_view>(
        {"timestamp", "time", "level", "message", "msg", "pid", "hostname"});
    for (const auto& each : *words) {
        const std::string_view name{each.key().data(), each.key().size()};
        if (std::ranges::find(shown, name) != shown.end())
            continue;
        const std::string value = each.value().is_string()
                                      ? text_at(*words, name)
                                      : printable(json::serialize(each.value()));
        text += fmt::format("  {}={}", name, value);
    }
    return text;
}

}  // namespace cohort::cli
