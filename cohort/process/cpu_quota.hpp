#pragma once
// How many processors we may really use: those of the affinity mask, or fewer if a cgroup above us
// says so. The cores of the host are somebody else's number.

#include <cohort/process/cgroup.hpp>

#include <string>
#include <vector>

namespace cohort::process {

/// One cgroup's answer.
struct cpu_limit {
    std::string where;  ///< the file it was read from
    double cpus = 0;    ///< quota / period, > 0
    friend bool operator==(const cpu_limit&, const cpu_limit&) = default;
};

/// Everything the number rests on. A value; `text()` is for the log.
struct cpu_quota {
    unsigned affinity = 1;          ///< processors in our mask, at least 1
    std::vector<cpu_limit> limits;  ///< of our cgroup and its ancestors, v1 and v2, nearest first
    std::vector<std::string> oddities;  ///< files that were there and made no sense, in words

    /// min(affinity, every limit).
    [[nodiscard]] double cpus() const noexcept;

    /// floor(cpus + 0.25), at least 1, at most `cap`.
    [[nodiscard]] unsigned workers(unsigned cap = 256) const noexcept;

    /// "2 workers: 4 processors by affinity, 2.00 by /sys/fs/cgroup/cpu.max". Never parse it.
    [[nodiscard]] std::string text(unsigned cap = 256) const;
};

/// What /proc and the cgroup files say, through `read`. Never fails: what cannot be read or makes
/// no sense does not limit, and is named in `oddities`.
///
/// @param affinity  processors in the affinity mask; 0 counts as 1.
///
/// Source: cgroups(7), proc(5) on mountinfo, the kernel's cgroup-v2.rst on cpu.max.
[[nodiscard]] cpu_quota read_cpu_quota(unsigned affinity, const file_reader& read);

/// The same for this process, now.
[[nodiscard]] cpu_quota read_cpu_quota();

/// Processors in this thread's affinity mask; works with more than 1,024 of them.
[[nodiscard]] unsigned affinity_count() noexcept;

}  // namespace cohort::process
