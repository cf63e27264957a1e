#pragma once
// Cohorts without a terminal: started, waited for, and told apart from those that failed.

#include <cohort/base/clock.hpp>
#include <cohort/cli/console.hpp>
#include <cohort/cli/state.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/control/protocol.hpp>

#include <sys/types.h>

#include <filesystem>

namespace cohort::cli {

/// Starts it in a session of its own, with its output in its log file, and waits until it serves.
///
/// @return  done, and how many serve; timed_out: it goes on starting; degraded: some or all of its
///          slots are parked; the program's own exit code if it left at once.
[[nodiscard]] control::answer start_in_background(const launch_record& what,
                                                  const std::filesystem::path& state,
                                                  milliseconds wait, console& out);

/// Asks it to stop, and waits until nothing of it is left.
[[nodiscard]] control::answer stop_and_wait(const target& whom, milliseconds wait, bool at_once,
                                            console& out);

}  // namespace cohort::cli
