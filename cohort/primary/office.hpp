#pragma once

#include <cohort/config/settings.hpp>

#include <functional>
#include <string_view>

namespace cohort::primary {

class chronicle;
class supervisor;

/// What the desk of a primary works with; all of it outlives the desk. A resource.
struct office {
    supervisor& workers;
    chronicle& past;
    const config::settings& settings;
    /// Once: in peace; again: now. Takes who asked, in words.
    std::move_only_function<void(std::string_view)> stop;
    std::move_only_function<bool()> stopping;  ///< that was asked for
};

}  // namespace cohort::primary
