#pragma once

#include <cohort/base/clock.hpp>

#include <cstdint>
#include <mutex>
#include <optional>

namespace cohort::log {

/// How many lines of one kind may be written: what strangers can cause, or what goes on for long,
/// must not fill a disk. A resource; any thread.
class budget {
public:
    /// So many lines in each span of time, at once if need be.
    explicit budget(std::uint32_t lines, nanoseconds per = seconds{1}) noexcept
        : lines_{lines}, span_{per}
    {}

    /// May a line be written now? Then how many were not since the last one that was: the line
    /// should say so.
    [[nodiscard]] std::optional<std::uint64_t> take(steady_time at = now_coarse()) noexcept;

private:
    std::uint32_t lines_;
    nanoseconds span_;
    std::mutex mutex_;
    std::optional<steady_time> began_;  // the span
    std::uint32_t written_ = 0;         // in that span
    std::uint64_t suppressed_ = 0;
};

}  // namespace cohort::log
