#pragma once

namespace cohort::process {

/// `cohort start` sets it for what it starts: nobody sits at a terminal there. It stays in the
/// environment of root and primary, for upgrades; programs that are workers do not get it.
inline constexpr const char* background_variable = "COHORT_BACKGROUND";

/// systemd sets it for each service, also for those that do not say how they are.
inline constexpr const char* service_variable = "INVOCATION_ID";

}  // namespace cohort::process
