#include <cohort/cli/top_lists.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/cli/footprint.hpp>
#include <cohort/cli/view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace cohort::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t events_least = 3;  // lines, before there is room for other lists
constexpr std::size_t routes_max = 10;   // as the page has them
constexpr std::size_t crashes_max = 5;
constexpr std::size_t list_least = 3;  // a head, a line, and an empty one

/// Of "2026-01-31T12:34:56.789Z" the time of the day.
std::string clock_of(std::string time)
{
    constexpr std::size_t day = 11;
    constexpr std::size_t clock = 8;
    return time.size() > day + clock ? time.substr(day, clock) : std::move(time);
}

top_line timed(std::string time, std::string words)
{
    top_line line;
    line.pieces.emplace_back(clock_of(std::move(time)), tone::faint);
    line.pieces.emplace_back("  " + std::move(words));
    return line;
}

/// "api.2"
std::string slot_name(const json::object& survey, const json::object& of)
{
    const auto slot = number_at(of, "slot");
    return slot ? fmt::format("{}.{}", text_at(survey, "app"), *slot) : std::string{};
}

std::string route_name(const json::object& route)
{
    const std::string pattern = text_at(route, "route");
    const std::string method = text_at(route, "method");
    return printable((method.empty() ? "" : method + " ") +
                     (pattern.empty() ? "(no route)" : pattern));
}

/// A name, and figures at the right, as wide as all of them together need.
std::string route_line(std::string_view name, std::size_t name_width,
                       const std::array<std::string, 5>& figures)
{
    std::string words{name};
    words.append(name_width - std::min(name_width, width_of(name)), ' ');
    for (const std::string& each : figures)
        words += fmt::format("  {:>7}", each);
    return words;
}

std::vector<top_line> routes_of(const json::object& survey, std::size_t width, std::size_t room)
{
    const auto routes = objects_at(survey, "routes");
    if (routes.empty() || room < list_least)
        return {};
    const std::size_t shown = std::min({routes.size(), room - 2, routes_max});
    constexpr std::size_t figures_width = std::size_t{5} * 9;
    std::size_t name_width = width_of("route");
    for (std::size_t i = 0; i < shown; ++i)
        name_width = std::max(name_width, width_of(route_name(*routes[i])));
    name_width =
        std::min(name_width, std::max<std::size_t>(width, figures_width + 10) - figures_width);
    std::vector<top_line> lines;
    lines.push_back(top_line::of(
        route_line("route", name_width, {"time", "req/s", "err/s", "p50", "p99"}), tone::faint));
    for (std::size_t i = 0; i < shown; ++i) {
        const json::object& each = *routes[i];
        lines.push_back(top_line::of(route_line(
            cut_to(route_name(each), name_width), name_width,
            {percent_text(real_at(each, "time_share")), rate_text(real_at(each, "requests_per_s")),
             rate_text(real_at(each, "errors_per_s")), lag_text(real_at(each, "p50_ms")),
             lag_text(real_at(each, "p99_ms"))})));
    }
    lines.emplace_back();
    return lines;
}

/// The latest that any worker has logged.
std::vector<top_line> last_error_of(const json::object& survey, std::size_t room)
{
    const json::object* latest = nullptr;
    std::string who;
    for (const json::object* const slot : objects_at(survey, "slots")) {
        const json::object* const error = object_at(*slot, "last_error");
        if (error != nullptr && (!latest || text_at(*error, "at") > text_at(*latest, "at"))) {
            latest = error;
            who = text_at(*slot, "name");
        }
    }
    if (latest == nullptr || room < list_least)
        return {};
    std::vector<top_line> lines;
    lines.push_back(top_line::of("last error in the log", tone::faint));
    lines.push_back(
        timed(text_at(*latest, "at"), printable(who + "  " + text_at(*latest, "words"))));
    lines.emplace_back();
    return lines;
}

std::vector<top_line> crashes_of(const json::object& survey, std::size_t room)
{
    const auto crashes = objects_at(survey, "crashes");
    if (crashes.empty() || room < list_least)
        return {};
    std::vector<top_line> lines;
    lines.push_back(top_line::of(
        fmt::format("crash reports (cohort why {})", printable(text_at(survey, "app"))),
        tone::faint));
    for (std::size_t i = 0; i < std::min({crashes.size(), room - 2, crashes_max}); ++i) {
        const json::object& each = *crashes[i];
        const std::string words = text_at(each, "words");
        lines.push_back(timed(text_at(each, "at"),
                              printable(slot_name(survey, each) + "  " +
                                        (words.empty() ? text_at(each, "cause") : words))));
    }
    lines.emplace_back();
    return lines;
}

}  // namespace

std::vector<top_line> top_lists(const top_look& of, std::size_t width, std::size_t room)
{
    std::vector<top_line> all;
    const auto left = [&] {
        const std::size_t used = all.size() + events_least;
        return room > used ? room - used : std::size_t{0};
    };
    const auto add = [&all](std::vector<top_line> more) {
        std::ranges::move(more, std::back_inserter(all));
    };
    // Half of it: crashes are to be seen, too, however many routes there are.
    add(routes_of(of.survey, width, std::max(left() / 2, std::min(left(), list_least))));
    add(last_error_of(of.survey, left()));
    add(crashes_of(of.survey, left()));
    const std::size_t shown = std::min(room - std::min(room, all.size()), of.events.size());
    for (std::size_t i = of.events.size(); i > of.events.size() - shown; --i) {
        const json::object& each = of.events[i - 1];
        all.push_back(timed(text_at(each, "time"), event_line(each)));
    }
    return all;
}

std::string top_losses(const json::object& survey)
{
    std::string all;
    const auto add = [&all](std::string_view what, std::string_view words) {
        all += fmt::format("{}{}: {}", all.empty() ? "" : "  ", what, words);
    };
    for (const std::string_view kind : {"dropped", "refused"}) {
        const json::object* const counts = object_at(survey, kind);
        std::string some;
        if (counts != nullptr) {
            for (const auto& each : *counts) {
                const std::string_view name{each.key().data(), each.key().size()};
                const auto count = number_at(*counts, name).value_or(0);
                if (count > 0)
                    some += fmt::format("{}{} {}", some.empty() ? "" : ", ", count, name);
            }
        }
        if (!some.empty())
            add(kind, printable(some));
    }
    if (const double throttled = real_at(survey, "throttled_s").value_or(0); throttled > 0)
        add("throttled", fmt::format("{:.1f}s", throttled));
    std::ranges::replace(all, '_', ' ');
    return all;
}

}  // namespace cohort::cli
