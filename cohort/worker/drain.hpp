#pragma once
// How a worker leaves, as a table: no clock, no socket, no channel.

#include <array>
#include <cstdint>
#include <optional>

namespace cohort::work {

enum class phase : std::uint8_t { running, draining, leaving };

enum class nudge : std::uint8_t {
    told,          ///< The primary asks, or somebody sent TERM.
    own_will,      ///< The program asks.
    primary_lost,  ///< The channel ended: nobody looks after us any more.
    nothing_left,  ///< main has ended, and nothing it started is left.
    deadline,      ///< The time to finish is used up.
    quit,          ///< The program, or what escaped from it, wants out now.
};

enum class deed : std::uint8_t { none, begin_drain, leave, leave_unfinished };

struct drain_rule {
    phase from;
    nudge why;
    phase to;
    deed then;
};

inline constexpr auto drain_rules = std::to_array<drain_rule>({
    {phase::running, nudge::told, phase::draining, deed::begin_drain},
    {phase::running, nudge::own_will, phase::draining, deed::begin_drain},
    {phase::running, nudge::primary_lost, phase::draining, deed::begin_drain},
    {phase::running, nudge::nothing_left, phase::leaving, deed::leave},
    {phase::running, nudge::quit, phase::leaving, deed::leave},

    // Leaving is asked for by several sides at once in every shutdown; the first one counts.
    {phase::draining, nudge::told, phase::draining, deed::none},
    {phase::draining, nudge::own_will, phase::draining, deed::none},
    {phase::draining, nudge::primary_lost, phase::draining, deed::none},
    {phase::draining, nudge::nothing_left, phase::leaving, deed::leave},
    {phase::draining, nudge::deadline, phase::leaving, deed::leave_unfinished},
    {phase::draining, nudge::quit, phase::leaving, deed::leave},
});

/// A value.
class drain {
public:
    [[nodiscard]] constexpr phase now() const noexcept { return now_; }

    /// What to do, or deed::none: nothing can stop a worker that leaves.
    [[nodiscard]] constexpr deed on(nudge why) noexcept
    {
        for (const drain_rule& r : drain_rules) {
            if (r.from == now_ && r.why == why) {
                now_ = r.to;
                return r.then;
            }
        }
        return deed::none;
    }

private:
    phase now_ = phase::running;
};

}  // namespace cohort::work
