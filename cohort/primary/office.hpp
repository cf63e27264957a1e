#pragma once

#include <cohort/config/settings.hpp>

#include <functional>

namespace cohort::primary {

class chronicle;
class supervisor;

/// What the desk of a primary works with; all of it outlives the desk. A resource.
struct office {
    supervisor& workers;
    chronicle& past;
    const config::settings& settings;
    std::move_only_function<void()> stop;      ///< once: in peace; again: now
    std::move_only_function<bool()> stopping;  ///< that was asked for
};

}  // namespace cohort::primary
