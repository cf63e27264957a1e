#pragma once
// What spawn, clone and identity share; closed to other rooms.

#include <vector>

namespace cohort::process::detail {

/// The signal that tells a process with a grace that its parent has died.
[[nodiscard]] int death_signal() noexcept;

/// `list` with 0, 1 and 2, sorted, each once: what close_all_but wants.
[[nodiscard]] std::vector<int> with_standard(std::vector<int> list);

}  // namespace cohort::process::detail
