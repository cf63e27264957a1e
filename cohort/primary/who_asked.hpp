#pragma once

#include <cohort/process/signals.hpp>

#include <string>

namespace cohort::primary {

/// Who sent it, for the log and the timeline: "SIGTERM from process 71 (bash)", "SIGINT from the
/// terminal". The sender may have gone: then its name is missing, or somebody else's.
[[nodiscard]] std::string who_sent(const process::caught_signal& heard);

/// Who is at the other end of a connection to the admin socket: "process 71 (cohort) of user 1000".
[[nodiscard]] std::string who_connected(int connection);

}  // namespace cohort::primary
