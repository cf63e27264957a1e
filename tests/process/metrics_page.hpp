#pragma once
// What a page of metrics says, and the page that a cohort shows at its door.

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

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

/// The body of what the dashboard's process of `app` answers, beside its admin socket. Throws
/// failure unless that is 200.
inline std::string at_door(const running_program& of, std::string_view app, std::string_view path)
{
    const std::string name = std::string{app} + ".http";
    client over = client::to_unix((of.runtime_folder() / name).string());
    over.send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path));
    const std::string answer = over.receive_all();
    const std::size_t head = answer.find("\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 200 ") || head == std::string::npos)
        throw failure{fault(errc::channel_closed, "ask the dashboard, got", answer)};
    return answer.substr(head + 4);
}

/// /metrics, which is at most a second old.
inline metrics_page page_at_door(const running_program& of, std::string_view app)
{
    return metrics_page{at_door(of, app, "/metrics")};
}

}  // namespace cohort::testing
