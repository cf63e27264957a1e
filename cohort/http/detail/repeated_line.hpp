#pragma once
// When a line about something that goes on is due: an automaton without a clock.

#include <cohort/base/clock.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace cohort::http::detail {

/// Of something that goes on for long, and with each request: a line when it begins, and one a
/// minute. A value.
class repeated_line {
public:
    static constexpr nanoseconds pause = std::chrono::minutes{1};

    /// It has happened. How often since the last line, if one is due.
    [[nodiscard]] std::optional<std::uint64_t> happened(steady_time at) noexcept
    {
        ++times_;
        if (told_ && at - *told_ < pause)
            return std::nullopt;
        told_ = at;
        return std::exchange(times_, 0);
    }

private:
    std::optional<steady_time> told_;
    std::uint64_t times_ = 0;
};

}  // namespace cohort::http::detail
