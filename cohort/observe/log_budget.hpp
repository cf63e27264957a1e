#pragma once

#include <cohort/base/clock.hpp>

#include <cstdint>
#include <mutex>
#include <optional>

namespace cohort::log {

/// How many lines of one kind may be written: what strangers can cause must not fill a disk. A
/// resource; any thread.
class budget {
public:
    /// So many lines per second; a second's worth at once.
    explicit budget(std::uint32_t lines_per_second) noexcept
        : each_second_{lines_per_second}
    {}

    /// May a line be written now? Then how many were not since the last one that was: the line
    /// should say so.
    [[nodiscard]] std::optional<std::uint64_t> take(steady_time at = now_coarse()) noexcept;

private:
    std::uint32_t each_second_;
    std::mutex mutex_;
    steady_time second_began_{};
    std::uint32_t written_ = 0;  // in that second
    std::uint64_t suppressed_ = 0;
};

}  // namespace cohort::log
