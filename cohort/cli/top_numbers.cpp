// What numbers of `cohort top` mean, and how they look.

#include <cohort/cli/top_view.hpp>

#include <cohort/cli/view.hpp>
#include <cohort/control/oddness.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace cohort::cli {

namespace json = boost::json;

std::string_view name_of(top_order order) noexcept
{
    constexpr std::array<std::string_view, top_orders> names{"oddness", "slot",   "req/s",
                                                             "cpu",     "memory", "restarts"};
    return names[std::to_underlying(order)];
}

std::vector<double> top_oddness(const std::vector<const json::object*>& slots)
{
    std::vector<control::worker_habits> habits;
    habits.reserve(slots.size());
    for (const json::object* const each : slots) {
        control::worker_habits one;
        // Who does not serve is not like the others, and says so.
        if (text_at(*each, "stage") == "serving")
            one = {.utilisation = real_at(*each, "processor_now"),
                   .in_flight = real_at(*each, "running"),
                   .connections = real_at(*each, "connections"),
                   .memory_bytes = real_at(*each, "memory_bytes")};
        habits.push_back(one);
    }
    return control::oddness(habits);
}

std::string rate_text(std::optional<double> rate)
{
    if (!rate)
        return "-";
    return *rate > 0 && *rate < 10 ? fmt::format("{:.1f}", *rate) : fmt::format("{:.0f}", *rate);
}

std::string lag_text(std::optional<double> ms)
{
    if (!ms)
        return "-";
    return *ms < 10 ? fmt::format("{:.1f}ms", *ms) : fmt::format("{:.0f}ms", *ms);
}

std::string top_bars(const std::deque<double>& values, std::size_t width)
{
    constexpr std::array<std::string_view, 8> bars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const std::size_t shown = std::min(width, values.size());
    double most = 0;
    for (std::size_t i = values.size() - shown; i < values.size(); ++i)
        most = std::max(most, values[i]);
    std::string all;
    for (std::size_t i = values.size() - shown; i < values.size(); ++i) {
        const double share = most > 0 ? values[i] / most : 0;
        all += bars[static_cast<std::size_t>(std::lround(share * (bars.size() - 1)))];
    }
    return all;
}

}  // namespace cohort::cli
