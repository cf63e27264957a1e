#include <cohort/cli/log_words.hpp>

#include <cohort/cli/console.hpp>
#include <cohort/cli/view.hpp>
#include <cohort/observe/log_filter.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cohort::cli {

namespace {

namespace json = boost::json;

/// The first of these names that is there: ours, and pino's.
std::string first_of(const json::object& in, std::string_view one, std::string_view other)
{
    std::string text = text_at(in, one);
    return text.empty() ? text_at(in, other) : text;
}

}  // namespace

std::string readable(std::string_view line)
{
    const auto words = observe::parse_log_line(line);
    if (!words)
        return printable(line);
    std::string text = first_of(*words, "timestamp", "time");
    const auto rank = observe::rank_in(*words);
    text += fmt::format(" {:<5} {}", rank ? observe::level_of(*rank) : std::string_view{},
                        first_of(*words, "message", "msg"));
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
