#pragma once

#include <cohort/base/clock.hpp>

#include <optional>

namespace cohort::http {

/// Decides from the delays of a queue whether it is overloaded: when none was below the bound for
/// a whole interval. A burst makes one delay long, overload all of them; how many wait says
/// neither. An automaton: no clock, no queue. A value.
///
/// Source: the rule of CoDel (RFC 8289, section 3), used to refuse instead of to drop.
class delay_judge {
public:
    delay_judge(nanoseconds most, nanoseconds interval) noexcept
        : most_{most}, interval_{interval}
    {}

    /// Something waited for so long, and no longer waits.
    void measured(nanoseconds delay, steady_time at) noexcept
    {
        if (delay <= most_)
            above_since_.reset();
        else if (!above_since_)
            above_since_ = at;
    }

    [[nodiscard]] bool overloaded(steady_time at) const noexcept
    {
        return above_since_ && at - *above_since_ >= interval_;
    }

private:
    nanoseconds most_;
    nanoseconds interval_;
    std::optional<steady_time> above_since_;
};

}  // namespace cohort::http
