#include <cohort/observe/log_filter.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/observe/log.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace cohort::observe {

namespace {

namespace json = boost::json;

std::string_view text_in(const json::value* of) noexcept
{
    const json::string* const text = of == nullptr ? nullptr : of->if_string();
    return text == nullptr ? std::string_view{} : std::string_view{*text};
}

std::optional<std::int64_t> number_at(const json::object& in, json::string_view key) noexcept
{
    const json::value* const found = in.if_contains(key);
    const std::int64_t* const number = found == nullptr ? nullptr : found->if_int64();
    return number == nullptr ? std::nullopt : std::optional{*number};
}

/// Was it written before that? Ours say when, or else pino's: also in milliseconds.
bool is_older(const json::object& line, std::string_view than)
{
    if (const auto ms = number_at(line, "time"))
        return timestamp(wall_time{std::chrono::milliseconds{*ms}}) < than;
    const std::string_view ours = text_in(line.if_contains("timestamp"));
    return (ours.empty() ? text_in(line.if_contains("time")) : ours) < than;
}

/// "10:00:00.000 warn  slow  slot=1  took=12": what there is of it for filters. Nothing: it is no
/// line of our own text format.
std::optional<json::object> parse_text_line(std::string_view line)
{
    constexpr std::string_view clock = "00:00:00.000 ";
    if (line.size() < clock.size() || line[2] != ':' || line[5] != ':' || line[8] != '.')
        return std::nullopt;
    line.remove_prefix(clock.size());
    const std::string_view level = line.substr(0, line.find(' '));
    if (!rank_of(level))
        return std::nullopt;
    json::object words{{"level", level}};
    for (const std::string_view key : {"slot", "pid", "workerId"}) {
        const std::string before = fmt::format("  {}=", key);
        // A message may say such a thing, too: fields come behind it.
        const std::size_t at = line.rfind(before);
        if (at == line.npos)
            continue;
        std::string_view value = line.substr(at + before.size());
        value = value.substr(0, value.find(' '));
        if (const auto number = parse_integer<std::int64_t>(value))
            words[key] = *number;
    }
    return words;
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

std::optional<unsigned> rank_said(const json::value& level) noexcept
{
    if (const std::int64_t* const number = level.if_int64()) {
        const auto rank = *number / 10 - 1;
        return rank >= 0 && rank < 6 ? std::optional{static_cast<unsigned>(rank)} : std::nullopt;
    }
    return rank_of(text_in(&level));
}

std::optional<unsigned> rank_in(const json::object& line)
{
    const json::value* const level = line.if_contains("level");
    return level == nullptr ? std::nullopt : rank_said(*level);
}

std::optional<unsigned> rank_of(std::string_view level) noexcept
{
    for (unsigned rank = 0; rank < std::to_underlying(log::level::off); ++rank) {
        if (level_of(rank) == level)
            return rank;
    }
    return std::nullopt;
}

std::string_view level_of(unsigned rank) noexcept
{
    return rank < std::to_underlying(log::level::off) ? log::name(static_cast<log::level>(rank))
                                                      : std::string_view{};
}

bool log_filter::wants(std::string_view line) const
{
    if (!part.empty() && line.find(part) == std::string_view::npos)
        return false;
    if (!least && since.empty() && !slot)
        return true;
    auto words = parse_log_line(line);
    const bool is_dated = words.has_value();
    if (!is_dated)
        words = parse_text_line(line);
    if (!words)
        return false;
    if (least && rank_in(*words).value_or(0) < *least)
        return false;
    if (!since.empty() && is_dated && is_older(*words, since))
        return false;
    if (!slot)
        return true;
    if (const auto own = number_at(*words, "slot"))
        return *own == *slot;
    return (pid && number_at(*words, "pid") == pid) ||
           (worker && number_at(*words, "workerId") == worker);
}

}  // namespace cohort::observe
