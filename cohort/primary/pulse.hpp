#pragma once
// Whether a worker's event loop has stopped. An automaton: clock and beat come in as numbers.

#include <cohort/base/clock.hpp>

#include <cstdint>

namespace cohort::primary {

/// Feels the beats of all workers at regular times. A value.
///
/// A beat is silent when it is older than the limit, unless we were asleep ourselves (a suspended
/// machine, a debugger, a stopped container): then everybody's clock jumped, and everybody gets
/// one more period to show that he lives.
class pulse {
public:
    explicit pulse(nanoseconds limit) noexcept
        : limit_{limit}
    {}

    /// How often to look: early enough, and seldom.
    [[nodiscard]] nanoseconds period() const noexcept { return limit_ / 4; }

    /// Call once per look, before silent(). False: we overslept; judge nobody this time.
    [[nodiscard]] bool look(steady_time at) noexcept
    {
        const bool first = last_look_ == steady_time{};
        const bool overslept = !first && at - last_look_ > 2 * period() + oversleep_slack;
        last_look_ = at;
        if (overslept)
            trusted_since_ = at;
        return !overslept;
    }

    /// `beat_ns` 0: nothing is known of it, so nothing is said against it.
    [[nodiscard]] bool silent(std::uint64_t beat_ns) const noexcept
    {
        if (beat_ns == 0)
            return false;
        const steady_time beat{nanoseconds{beat_ns}};
        if (last_look_ - trusted_since_ < limit_)
            return false;
        return last_look_ - beat > limit_;
    }

private:
    static constexpr nanoseconds oversleep_slack = milliseconds{200};

    nanoseconds limit_;
    steady_time last_look_{};
    steady_time trusted_since_{};
};

}  // namespace cohort::primary
