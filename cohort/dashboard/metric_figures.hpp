#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/dashboard/losses.hpp>
#include <cohort/observe/histogram_reading.hpp>
#include <cohort/observe/metric_reading.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::dashboard {

/// How one route is used. A value.
struct route_figures {
    std::string method;
    std::string route;
    double requests_per_s = 0;
    double errors_per_s = 0;  ///< answers of 500 and more
    std::optional<double> p50_ms = {};
    std::optional<double> p99_ms = {};
    double time_share = 0;  ///< of the time that all requests took together: 0 to 1
};

/// What workers say of themselves in metrics. A value; what none says is missing.
struct slot_figures {
    std::optional<double> utilisation = {};  ///< of its event loop: 0 to 1
    std::optional<double> lag_p99_ms = {};
};

/// Takes out of the metrics of a cohort what the dashboard shows. An automaton.
///
/// Which metrics these are is written down at the top of the source.
class metric_figures {
public:
    /// Rates and percentiles are of so many readings, a second each.
    static constexpr std::size_t window = 10;

    void take(const observe::metrics_reading& what, steady_time when);

    /// Those with the most time spent first; at most 50.
    [[nodiscard]] std::vector<route_figures> routes() const;
    [[nodiscard]] slot_figures of(std::uint32_t slot) const;
    [[nodiscard]] const losses& lost() const noexcept { return lost_; }

private:
    using route_key = std::pair<std::string, std::string>;  // method, route
    struct counted {
        observe::histogram_reading took;
        std::uint64_t failed = 0;
    };
    struct snapshot {
        steady_time when;
        std::map<route_key, counted> routes;
    };
    void take_routes(const observe::family_reading& from, std::map<route_key, counted>& into);
    void take_slots(const observe::family_reading& from);

    std::vector<std::uint64_t> bounds_;  // of the histogram's cells
    std::deque<snapshot> past_;
    std::map<std::uint32_t, slot_figures> slots_;
    losses lost_;
};

}  // namespace cohort::dashboard
