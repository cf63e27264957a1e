#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

namespace cohort::process {

/// Two ends of a pipe that never carries a byte: when the last `held` is closed, in whatever way
/// its owner ended, `watched` knows.
struct lifeline {
    unique_fd held;
    unique_fd watched;
};

/// Errors: EMFILE, ENFILE (again later).
[[nodiscard]] result<lifeline> make_lifeline();

/// Is the other side gone? Never waits. A byte on the line counts as alive.
[[nodiscard]] bool is_gone(const unique_fd& watched) noexcept;

/// Completes when the other side is gone.
/// Errors: errc::cancelled; errno of the event loop. Cancel: total.
/// Deadline: none, this waits for a death. Lifetime: `watched` stays open until it completes.
[[nodiscard]] awaitable<result<>> until_gone(const unique_fd& watched);

}  // namespace cohort::process
