#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/dashboard/costs.hpp>
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
    std::optional<std::uint64_t> spans_lost;  ///< by who exports them here
    wall_time now;
};

/// The answer to GET /api/v1/state, and what comes as `state` on /api/v1/stream.
/// docs/manual/dashboard.md has what each member means.
[[nodiscard]] boost::json::object describe(const scene& of);

}  // namespace cohort::dashboard
