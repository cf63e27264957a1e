#pragma once

#include <cstdint>
#include <optional>

namespace cohort::process {

class memory_group;

/// The most that all who were ever in that group had together, in bytes. Nothing: nobody knows (v2
/// does since Linux 5.19). Source: the kernel's cgroup-v2.rst, memory.peak; cgroup-v1/memory.rst.
[[nodiscard]] std::optional<std::uint64_t> memory_peak(const memory_group& of);

}  // namespace cohort::process
