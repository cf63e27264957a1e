#pragma once
// What processes cost, read in /proc by whoever asks: the primary shall not wait for that.

#include <cohort/base/clock.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::cli {

/// A value; what is not known is missing: the process has ended, or is somebody else's.
struct footprint {
    std::optional<std::uint64_t> memory_bytes;  ///< PSS: its share of what is shared
    std::optional<nanoseconds> processor_time;
    std::optional<nanoseconds> age;

    /// Of one processor, over its whole life: 1.0 is all of it.
    [[nodiscard]] std::optional<double> processor_share() const noexcept;
};

[[nodiscard]] footprint footprint_of(pid_t pid);

/// "Pss:" of a smaps_rollup. "utime" and "stime", and "starttime", of a stat line, in ticks.
[[nodiscard]] std::optional<std::uint64_t> pss_bytes(std::string_view smaps_rollup);
struct tick_counts {
    std::uint64_t used = 0;
    std::uint64_t started = 0;  ///< since the machine's start
};
[[nodiscard]] std::optional<tick_counts> ticks_of(std::string_view stat_line);

/// "12.3M", "512K"; "-" if it is not known.
[[nodiscard]] std::string text_of(std::optional<std::uint64_t> bytes);
/// "350 ms", "42s", "3m10s", "5h12m", "12d4h".
[[nodiscard]] std::string text_of(nanoseconds length);
/// "12.5%".
[[nodiscard]] std::string percent_text(std::optional<double> share);

}  // namespace cohort::cli
