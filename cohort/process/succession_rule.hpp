#pragma once
// When the root makes a new primary. No clock, no process.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace cohort::process {

/// How a primary's time ended, when nobody wanted it to. A value.
struct reign_end {
    bool killed = false;  ///< By SIGKILL: not its own fault.
    std::chrono::nanoseconds lived{0};
    std::chrono::nanoseconds moment{0};  ///< When, by any clock that does not jump.
};

/// Whether there is another one, and after which pause.
class succession_rule {
public:
    static constexpr std::chrono::seconds long_reign{1};
    static constexpr std::chrono::milliseconds pause_first{100};
    static constexpr std::chrono::seconds pause_longest{5};
    static constexpr std::size_t failures_max = 5;
    static constexpr std::chrono::seconds failures_within{30};
    /// Who is killed within its first second, so many times in a row, waits a moment as well.
    static constexpr unsigned killed_max = 10;

    struct decision {
        bool again = false;
        std::chrono::nanoseconds pause{0};
    };

    [[nodiscard]] constexpr decision after(const reign_end& end) noexcept
    {
        if (end.lived > long_reign) {
            pause_ = std::chrono::nanoseconds{0};
            killed_ = 0;
            return {true, std::chrono::nanoseconds{0}};
        }
        if (end.killed)
            return ++killed_ <= killed_max ? decision{true, std::chrono::nanoseconds{0}}
                                           : decision{true, pause_first};
        killed_ = 0;
        failures_[count_++ % failures_max] = end.moment;
        // The oldest of the last five is where the next one will be written.
        const bool too_many = count_ >= failures_max &&
                              end.moment - failures_[count_ % failures_max] <= failures_within;
        if (too_many)
            return {false, std::chrono::nanoseconds{0}};
        return {true, grown()};
    }

private:
    constexpr std::chrono::nanoseconds grown() noexcept
    {
        pause_ = std::clamp<std::chrono::nanoseconds>(pause_ * 2, pause_first, pause_longest);
        return pause_;
    }

    std::array<std::chrono::nanoseconds, failures_max> failures_{};
    std::size_t count_ = 0;
    std::chrono::nanoseconds pause_{0};
    unsigned killed_ = 0;
};

}  // namespace cohort::process
