#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

namespace cohort::process {

/// Room for what the kernel calls a process, its line end included.
inline constexpr std::size_t process_name_max = 16;

/// What the kernel calls a process ("bash"), into `name`; returns how many characters that are.
/// 0: it is gone, or we may not ask. Async-signal-safe.
[[nodiscard]] std::size_t name_of_process(pid_t process, std::span<char> name) noexcept;

}  // namespace cohort::process
