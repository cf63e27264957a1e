#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::process {

/// What the kernel says of another process: who started it, and how many filters its system calls
/// pass (inherited, and never taken off again). A value.
struct confinement {
    pid_t parent = 0;
    std::uint32_t filters = 0;

    friend bool operator==(const confinement&, const confinement&) = default;
};

/// Out of /proc/PID/status. Nothing: that is not one. Source: proc_pid_status(5), Linux 5.9.
[[nodiscard]] std::optional<confinement> parse_confinement(std::string_view status);

/// That of a process. Nothing: it is not there any more, or there is no /proc.
[[nodiscard]] std::optional<confinement> confinement_of(pid_t who);

/// gone: it is not there any more, and nobody can tell where it lived.
enum class caged : std::uint8_t { no, yes, gone };

/// How many filters system calls of this process pass; 0: none, or there is no /proc.
[[nodiscard]] std::uint32_t own_filters();

/// Is `who` below `root` in the tree of processes, and in a sandbox? `free_filters`: what those of
/// its processes have that are in none, as own_filters() said there.
/// Loop: reads a few files of /proc.
[[nodiscard]] caged is_caged_below(pid_t who, pid_t root, std::uint32_t free_filters);

}  // namespace cohort::process
