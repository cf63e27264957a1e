#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/board/last_error.hpp>
#include <cohort/dashboard/costs.hpp>
#include <cohort/dashboard/losses.hpp>
#include <cohort/dashboard/meter.hpp>
#include <cohort/dashboard/metric_figures.hpp>
#include <cohort/dashboard/recollection.hpp>

#include <boost/json/object.hpp>

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace cohort::dashboard {

/// All that is known of a cohort at one moment, before it is put into words.
struct scene {
    const boost::json::object& survey;  ///< the primary's answer to `ls`
    const meter& rates;
    const recollection& past;
    const metric_figures& numbers;
    const std::map<pid_t, process_cost>& costs;
    std::string_view version;
    std::optional<seconds> age;  ///< of the cohort
    std::optional<double> throttled_s;
    std::uint64_t shared_bytes = 0;
    std::uint64_t shared_room = 0;
    const losses& lost;
    const std::map<std::uint32_t, board::error_reading>& errors;  ///< of workers, by slot
    wall_time now;
    steady_time when;
};

/// The answer to GET /api/v1/state, and what comes as `state` on /api/v1/stream.
/// docs/manual/dashboard.md has what each member means.
[[nodiscard]] boost::json::object describe(const scene& of);

}  // namespace cohort::dashboard
