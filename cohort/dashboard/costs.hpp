#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>

namespace cohort::dashboard {

/// What a process costs. A value; what is not known is missing: it has ended, or is somebody
/// else's.
struct process_cost {
    std::optional<nanoseconds> processor_time = {};
    std::optional<std::uint64_t> memory_bytes = {};  ///< its share of what is shared (PSS)
    std::optional<std::size_t> descriptors = {};
};

/// Reads them in /proc. A resource; not of the loop's thread: it takes a millisecond for each GiB
/// of a worker whose memory is measured, and holds that worker's page faults up meanwhile. So each
/// is measured now and then only.
class cost_reader {
public:
    static constexpr nanoseconds memory_every = seconds{10};

    /// What the kernel shows of a process to who may trace it, opened by somebody who may.
    struct window {
        unique_fd memory;  ///< smaps_rollup
        unique_fd folder;  ///< of its descriptors; invalid: its path must do
    };

    [[nodiscard]] std::map<pid_t, process_cost> read(std::span<const pid_t> of, steady_time now);

    /// Through which nothing has been seen of it so far, or nothing any more: it is another one.
    [[nodiscard]] bool lacks_window(pid_t who) const { return !windows_.contains(who); }
    void look_through(pid_t who, window by) { windows_.insert_or_assign(who, std::move(by)); }

private:
    struct measured {
        std::optional<std::uint64_t> bytes;
        steady_time when;
    };
    [[nodiscard]] std::optional<std::uint64_t> measure(pid_t who);
    [[nodiscard]] std::optional<std::size_t> descriptors_of(pid_t who) const;

    std::map<pid_t, measured> memory_;
    std::map<pid_t, window> windows_;
};

/// How long a process has lived; nothing: it is gone. Source: proc(5), stat.
[[nodiscard]] std::optional<seconds> age_of(pid_t who);

/// How long our control group was kept from computing, since it was made; nothing: nobody counts.
[[nodiscard]] std::optional<double> throttled_seconds();

}  // namespace cohort::dashboard
