#pragma once

#include <cohort/base/unique_fd.hpp>

#include <optional>

namespace cohort {

class worker;

/// The channel that an exec'ed worker was born with, from COHORT_CHANNEL_FD. Only the first call
/// gets it. The variables that made this process a worker are removed from the environment, so
/// that its own children are not taken for workers. Nothing in a process that is no worker.
[[nodiscard]] std::optional<unique_fd> take_inherited_channel();

/// From here on this process is that worker: is_worker() is true, current_worker() is `self`.
void become_worker(worker& self) noexcept;

}  // namespace cohort
