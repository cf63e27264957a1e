#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/process/cgroup.hpp>

#include <cstdint>
#include <optional>

namespace cohort::process {

/// How often the processors that a cgroup may use were used up, since it was made. A value.
struct cpu_throttling {
    std::uint64_t periods = 0;    ///< In which anybody ran (of 100 ms, mostly),
    std::uint64_t throttled = 0;  ///< ... and of these, in which everybody had to stop.
    nanoseconds stopped{0};       ///< For how long; of all threads together.
    friend bool operator==(const cpu_throttling&, const cpu_throttling&) = default;
};

/// Of our cgroup and its ancestors, as far as they have a quota. Nothing: nobody counts.
/// Source: the kernel's cgroup-v2.rst on cpu.stat; sched-bwc.rst for version one.
[[nodiscard]] std::optional<cpu_throttling> read_cpu_throttling(const file_reader& read);

/// The same for this process. Where its cgroups stand is looked up once and remembered.
[[nodiscard]] std::optional<cpu_throttling> read_cpu_throttling();

}  // namespace cohort::process
