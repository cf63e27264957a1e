// What numbers of `cohort top` mean, and how they look.

#include <cohort/cli/top_view.hpp>

#include <cohort/cli/view.hpp>

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
    constexpr std::size_t fewest = 3;  // of two, nobody can say which one is odd
    std::vector<double> all(slots.size(), 0);
    for (const char* const key : {"running", "connections", "memory_bytes", "processor_now"}) {
        std::vector<double> values;
        for (const json::object* each : slots) {
            if (const auto value = real_at(*each, key))
                values.push_back(*value);
        }
        if (values.size() < fewest)
            continue;
        const auto median = [](std::vector<double> of) {
            std::ranges::sort(of);
            return of[of.size() / 2];
        };
        const double middle = median(values);
        for (double& each : values)
            each = std::abs(each - middle);
        // A tenth of it, or a little, is nothing.
        const double little = std::string_view{key} == "processor_now" ? 0.05 : 2;
        const double usual = std::max({median(values), std::abs(middle) / 10, little});
        for (std::size_t i = 0; i < slots.size(); ++i) {
            if (const auto value = real_at(*slots[i], key))
                all[i] = std::max(all[i], std::abs(*value - middle) / usual);
        }
    }
    return all;
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
