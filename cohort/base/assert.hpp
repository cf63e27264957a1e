#pragma once
// What only we can cause. A broken promise of our own ends the process, in every build: the
// supervisor is the recovery, and a worker that goes on with a false belief is worse than none.

namespace cohort::detail {

/// Writes one line to standard error without allocating, then aborts.
[[noreturn]] void assertion_failed(const char* claim, const char* file, int line) noexcept;

}  // namespace cohort::detail

#define COHORT_ASSERT(claim)                                                                       \
    ((claim) ? static_cast<void>(0)                                                                \
             : ::cohort::detail::assertion_failed(#claim, __FILE__, __LINE__))
