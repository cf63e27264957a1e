#pragma once

#include <cohort/base/clock.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

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

    [[nodiscard]] std::map<pid_t, process_cost> read(std::span<const pid_t> of, steady_time now);

private:
    struct measured {
        std::optional<std::uint64_t> bytes;
        steady_time when;
    };
    std::map<pid_t, measured> memory_;
};

/// How long a process has lived; nothing: it is gone. Source: proc(5), stat.
[[nodiscard]] std::optional<seconds> age_of(pid_t who);

/// How long our control group was kept from computing, since it was made; nothing: nobody counts.
[[nodiscard]] std::optional<double> throttled_seconds();

}  // namespace cohort::dashboard
