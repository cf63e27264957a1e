#pragma once

#include <cohort/app/cluster.hpp>
#include <cohort/app/settings.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/primary/audience.hpp>

namespace cohort::detail {

/// A worker's whole life over this channel, for forked and exec'ed workers alike. Ends by _exit:
/// what the program's frames own belongs to the kernel now.
[[noreturn]] void live_as_worker(unique_fd channel, const settings& chosen, worker_main& main);
/// The same for a worker with a keeper.
[[noreturn]] void live_as_kept_worker(primary::birthright mine, const settings& chosen,
                                      worker_main& main);

}  // namespace cohort::detail
