#pragma once
// How many workers there should be, when the configuration leaves that open. An automaton: the time
// and the load come in as numbers.

#include <cohort/base/clock.hpp>
#include <cohort/config/parts.hpp>
#include <cohort/config/values.hpp>

#include <optional>

namespace cohort::primary {

/// How the number follows the load. A value.
///
/// Up: when the workers were busier than the target for `up_after` without a pause; so many then
/// that the mean of that time would not be over it. Down: by one, when one fewer would have been
/// less busy than the target for `down_after` without a pause, with room to spare. A load that
/// swings faster than that keeps the number that its peaks need.
class scaling {
public:
    struct range {
        unsigned low = 1;
        unsigned high = 1;
    };

    scaling(const config::scaling& terms, range within) noexcept;

    /// Call at regular times. `load`: how many workers' worth of work was done since the last call;
    /// `workers`: how many there should be now. Returns how many there should be from now on.
    [[nodiscard]] unsigned look(steady_time at, unsigned workers, double load);

    /// What was seen says nothing any more: somebody changed the workers, or we were asleep.
    void start_over() noexcept;

private:
    /// Of this much of the target is one worker fewer busy at most, or it would come back soon.
    static constexpr double room_to_spare = 0.9;
    /// Later than this, a look says nothing about the time since the last one.
    static constexpr nanoseconds too_late = seconds{5};

    [[nodiscard]] unsigned needed(double load) const;

    double target_;
    nanoseconds up_after_;
    nanoseconds down_after_;
    range within_;
    steady_time last_{};
    std::optional<steady_time> busy_since_;
    std::optional<steady_time> idle_since_;
    double load_sum_ = 0;
    unsigned looks_ = 0;
};

/// What the settings say before and after a reload.
struct number_terms {
    config::worker_count before;
    config::worker_count after;
};
/// What there is.
struct number_facts {
    unsigned present = 1;  ///< workers that are wanted now
    unsigned quota = 1;    ///< workers that the CPU quota is good for
};
/// How many workers are wanted after a reload. Settings that say what they said before leave the
/// number alone: an operator or the load may have changed it since.
[[nodiscard]] unsigned number_after(const number_terms& said, number_facts here) noexcept;

}  // namespace cohort::primary
