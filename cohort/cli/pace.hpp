#pragma once

#include <cohort/base/clock.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace cohort::cli {

/// What a cohort does in a second, out of two looks at what it has done so far. A value.
class pace {
public:
    static constexpr std::size_t kept_max = 300;

    /// Adds "requests_per_s" and "processor_now" (1.0: all of one processor) to the slots of a
    /// survey with footprints, and "requests_per_s" to the whole. The first look knows none of it:
    /// they are null.
    void add(boost::json::object& survey, steady_time at);

    /// Requests a second at the last looks, the latest at the end.
    [[nodiscard]] const std::deque<double>& history() const noexcept { return history_; }

private:
    struct reading {
        std::int64_t worker = 0;
        std::int64_t requests = 0;
        std::int64_t processor_ms = 0;
    };
    std::map<std::int64_t, reading> before_;
    steady_time looked_{};
    std::deque<double> history_;
};

}  // namespace cohort::cli
