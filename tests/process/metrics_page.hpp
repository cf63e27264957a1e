#pragma once
// What a page of metrics says, and the page that a cohort shows at its door.

#include "door.hpp"

#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace cohort::testing {

/// A page of metrics, by the text in front of each value. A value.
struct metrics_page {
    std::map<std::string, double> values;
    std::map<std::string, std::string> types;

    explicit metrics_page(std::string_view text)
    {
        while (!text.empty()) {
            const std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(line.size() + 1, text.size()));
            constexpr std::string_view type = "# TYPE ";
            const std::size_t last = line.rfind(' ');
            if (line.starts_with(type))
                types[std::string{line.substr(type.size(), last - type.size())}] =
                    line.substr(last + 1);
            else if (!line.empty() && line.front() != '#')
                values[std::string{line.substr(0, last)}] =
                    std::strtod(std::string{line.substr(last + 1)}.c_str(), nullptr);
        }
    }
    /// Of all series whose text begins so.
    [[nodiscard]] double sum(std::string_view begin) const
    {
        double all = 0;
        for (const auto& [series, value] : values) {
            if (series.starts_with(begin))
                all += value;
        }
        return all;
    }
    [[nodiscard]] bool has(std::string_view begin) const
    {
        const auto at = values.lower_bound(std::string{begin});
        return at != values.end() && at->first.starts_with(begin);
    }
};

/// Every counter of `before` is there in `after`, and no less.
inline void check_nothing_fell(const metrics_page& before, const metrics_page& after)
{
    for (const auto& [series, value] : before.values) {
        const std::string family = series.substr(0, series.find('{'));
        const bool is_counter = family.ends_with("_total") || family.ends_with("_count") ||
                                family.ends_with("_bucket") || family.ends_with("_sum");
        if (!is_counter)
            continue;
        CAPTURE(series);
        REQUIRE(after.values.contains(series));
        CHECK(after.values.at(series) >= value);
    }
}

/// /metrics, which is at most a second old. Throws failure if there is none.
inline metrics_page page_at_door(const running_program& of, std::string_view app)
{
    const answered said = ask_at_door(of, app, "GET /metrics");
    if (!said.is(200))
        throw failure{fault(errc::channel_closed, "ask for metrics, got", said.all)};
    return metrics_page{said.body()};
}

/// Waits until the page at the door says so, since much on it is looked at once a second.
template <class Says>
[[nodiscard]] bool door_comes_to(const running_program& of, std::string_view app, Says says)
{
    return eventually([&] { return says(page_at_door(of, app)); });
}

}  // namespace cohort::testing
