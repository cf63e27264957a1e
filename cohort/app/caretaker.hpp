#pragma once

#include <cohort/app/cluster.hpp>

namespace cohort::detail {

/// The main of the last worker of a slot that was given up. Nothing of the program runs: what the
/// dead left goes to the other slots, at the boundary of two requests. A request that had begun is
/// answered 503 with Retry-After (500 where it must not run twice). What nobody takes is closed as
/// a drain closes it. Returns the exit code.
[[nodiscard]] task<int> caretake(worker& self);

}  // namespace cohort::detail
