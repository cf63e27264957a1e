#pragma once
// When a keeper replaces its worker without asking. No clock, no process.

#include <chrono>

namespace cohort::process {

/// How a worker's time in its seat ended. A value.
struct tenure_end {
    bool ready = false;                 ///< It had said that it serves.
    bool request_ran = false;           ///< When it died.
    bool killed = false;                ///< KILL, TERM, or a crash from outside: not its fault.
    std::chrono::nanoseconds lived{0};  ///< Since it took the seat.
};

/// Whether the next one follows at once. Nobody is served by an application that dies while it
/// starts, again and again; so such deaths are the primary's to pace.
class respawn_rule {
public:
    static constexpr std::chrono::seconds long_life{1};

    /// It did not die of its start.
    [[nodiscard]] static constexpr bool served_well(const tenure_end& end) noexcept
    {
        return end.ready && (end.request_ran || end.killed || end.lived >= long_life);
    }

    [[nodiscard]] constexpr bool follows(const tenure_end& end) noexcept
    {
        quick_ = served_well(end) ? 0 : quick_ + 1;
        return quick_ <= 1;
    }

    /// Whether somebody who serves, and has lived so long, gets a standby. A standby follows
    /// without asking anybody: after a quick death there is none until this one has lived long, or
    /// a program that dies as soon as it serves could not be paced.
    [[nodiscard]] constexpr bool has_standby(std::chrono::nanoseconds lived) const noexcept
    {
        return quick_ == 0 || lived >= long_life;
    }

private:
    unsigned quick_ = 0;  // deaths in a row that were quick
};

}  // namespace cohort::process
