#pragma once

#include <cohort/config/settings.hpp>
#include <cohort/primary/supervisor.hpp>

namespace cohort::primary {

/// Whether workers can have keepers here: tries it out (5 ms), and says so in the log. Order: in a
/// process with a single thread.
[[nodiscard]] care care_for(const config::settings& settings, upkeep who);

}  // namespace cohort::primary
