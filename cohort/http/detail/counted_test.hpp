#pragma once
// For tests: what this process counts, on memory of its own, and how that is read.

#include <cohort/board/segment.hpp>
#include <cohort/observe/metric_reading.hpp>
#include <cohort/observe/metrics.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http::detail {

/// This process counts here, for as long as this lives.
struct counted {
    counted() { metrics::settle(board->commons()); }
    ~counted() { metrics::born(); }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;

    /// Calls `see` with every series of that name whose values are these.
    template <class See>
    void find(std::string_view name, const std::vector<std::string>& values, See see)
    {
        auto reader = observe::metric_reader::of(board->commons());
        REQUIRE(reader);
        const observe::metrics_reading all = reader->read();
        for (const auto& family : all.families) {
            if (family.what->name != name)
                continue;
            for (const auto& part : family.parts) {
                for (const auto& one : part.series) {
                    if (std::ranges::equal(one.values, values))
                        see(one);
                }
            }
        }
    }
    [[nodiscard]] std::uint64_t count(std::string_view name, const std::vector<std::string>& values)
    {
        std::uint64_t all = 0;
        find(name, values,
             [&](const observe::series_reading& one) { all += one.count + one.histogram.count; });
        return all;
    }
    [[nodiscard]] std::uint64_t sum(std::string_view name, const std::vector<std::string>& values)
    {
        std::uint64_t all = 0;
        find(name, values, [&](const observe::series_reading& one) { all += one.histogram.sum; });
        return all;
    }
    /// Nothing: nobody has set it.
    [[nodiscard]] std::optional<double> gauge(std::string_view name,
                                              const std::vector<std::string>& values = {})
    {
        std::optional<double> seen;
        find(name, values, [&](const observe::series_reading& one) { seen = one.gauge; });
        return seen;
    }

    result<board::segment> board = board::segment::create(4);
};

}  // namespace cohort::http::detail
