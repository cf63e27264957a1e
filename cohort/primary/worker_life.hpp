#pragma once
// The life of one slot's worker, as a table. No clock, no process, no socket: the supervisor feeds
// causes in and carries orders out, so every path can be tested in a microsecond.
//
// A keeper can be faster than we are: `succeeded` leads back to booting without an order to spawn.
//
//             ready            drain_asked                died
//   booting ─────────▶ serving ───────────▶ draining ─────────────▶ gone
//      │ deadline         │ deadline (silent)   │ deadline            ▲
//      ▼                  ▼                     ▼        died         │
//   replacing ◀───────────┘                  leaving ─────────────────┘
//      │ died
//      ▼     deadline
//   resting ─────────▶ booting …            parked: died too often, waits for revived
//
//   booting, serving ──hold_asked──▶ withdrawing ──died──▶ held: empty until somebody resumes it

#include <array>
#include <cstdint>
#include <optional>

namespace cohort::primary {

/// replacing: on its way out, a successor will follow. leaving: on its way out, none will.
/// withdrawing: on its way out, its slot is kept and stays empty: held.
enum class stage : std::uint8_t {
    booting,
    serving,
    draining,
    withdrawing,
    replacing,
    leaving,
    resting,
    parked,
    held,
    gone,
};

enum class cause : std::uint8_t {
    ready,            ///< It said that its runtime is up.
    drain_asked,      ///< Somebody wants it to leave for good.
    hold_asked,       ///< Somebody wants its slot to be empty until it is resumed.
    leave_announced,  ///< It said that it leaves by itself.
    deadline,         ///< The stage took too long, or its heart stopped.
    succeeded,        ///< It is dead, or will be, and its keeper has another one already.
    died,             ///< It is dead and shall be replaced.
    died_too_often,   ///< It is dead and has used up its attempts.
    died_unwanted,    ///< It is dead and nobody asked for a successor.
    revived,          ///< An operator wants a parked or held slot to be filled again.
};

enum class order : std::uint8_t {
    none,
    await,
    ask_to_drain,
    abort,
    kill,
    rest,
    spawn,
    park,
    hold,
    forget
};

struct rule {
    stage from;
    cause why;
    stage to;
    order then;
};

inline constexpr auto rules = std::to_array<rule>({
    {stage::booting, cause::ready, stage::serving, order::none},
    {stage::booting, cause::drain_asked, stage::draining, order::ask_to_drain},
    {stage::booting, cause::hold_asked, stage::withdrawing, order::ask_to_drain},
    {stage::booting, cause::leave_announced, stage::replacing, order::none},
    {stage::booting, cause::deadline, stage::replacing, order::abort},
    {stage::booting, cause::succeeded, stage::booting, order::await},
    {stage::booting, cause::died, stage::resting, order::rest},
    {stage::booting, cause::died_too_often, stage::parked, order::park},
    {stage::booting, cause::died_unwanted, stage::gone, order::forget},

    {stage::serving, cause::drain_asked, stage::draining, order::ask_to_drain},
    {stage::serving, cause::hold_asked, stage::withdrawing, order::ask_to_drain},
    {stage::serving, cause::leave_announced, stage::replacing, order::none},
    {stage::serving, cause::deadline, stage::replacing, order::abort},  // beats missed
    {stage::serving, cause::succeeded, stage::booting, order::await},
    {stage::serving, cause::died, stage::resting, order::rest},
    {stage::serving, cause::died_too_often, stage::parked, order::park},
    {stage::serving, cause::died_unwanted, stage::gone, order::forget},

    // Draining workers are never replaced, however they end.
    {stage::draining, cause::ready, stage::draining, order::none},
    {stage::draining, cause::drain_asked, stage::draining, order::none},  // asking twice is fine
    {stage::draining, cause::leave_announced, stage::draining, order::none},
    {stage::draining, cause::deadline, stage::leaving, order::kill},
    {stage::draining, cause::succeeded, stage::draining, order::none},  // it will be asked, too
    {stage::draining, cause::died, stage::gone, order::forget},
    {stage::draining, cause::died_too_often, stage::gone, order::forget},
    {stage::draining, cause::died_unwanted, stage::gone, order::forget},

    // Its slot is kept: what it dies of is nobody's concern.
    {stage::withdrawing, cause::ready, stage::withdrawing, order::none},
    {stage::withdrawing, cause::drain_asked, stage::draining, order::none},  // already told
    {stage::withdrawing, cause::hold_asked, stage::withdrawing, order::none},
    {stage::withdrawing, cause::leave_announced, stage::withdrawing, order::none},
    {stage::withdrawing, cause::deadline, stage::withdrawing, order::kill},
    {stage::withdrawing, cause::succeeded, stage::withdrawing, order::none},
    {stage::withdrawing, cause::died, stage::held, order::hold},
    {stage::withdrawing, cause::died_too_often, stage::held, order::hold},
    {stage::withdrawing, cause::died_unwanted, stage::gone, order::forget},

    {stage::replacing, cause::drain_asked, stage::leaving, order::none},  // already told
    {stage::replacing, cause::hold_asked, stage::withdrawing, order::none},
    {stage::replacing, cause::leave_announced, stage::replacing, order::none},
    {stage::replacing, cause::deadline, stage::replacing, order::kill},
    {stage::replacing, cause::succeeded, stage::booting, order::await},
    {stage::replacing, cause::died, stage::resting, order::rest},
    {stage::replacing, cause::died_too_often, stage::parked, order::park},
    {stage::replacing, cause::died_unwanted, stage::gone, order::forget},

    {stage::leaving, cause::drain_asked, stage::leaving, order::none},
    {stage::leaving, cause::leave_announced, stage::leaving, order::none},
    {stage::leaving, cause::deadline, stage::leaving, order::kill},
    {stage::leaving, cause::succeeded, stage::leaving, order::kill},
    {stage::leaving, cause::died, stage::gone, order::forget},
    {stage::leaving, cause::died_too_often, stage::gone, order::forget},
    {stage::leaving, cause::died_unwanted, stage::gone, order::forget},

    {stage::resting, cause::deadline, stage::booting, order::spawn},
    {stage::resting, cause::succeeded, stage::booting, order::await},
    {stage::resting, cause::drain_asked, stage::gone, order::forget},
    {stage::resting, cause::hold_asked, stage::held, order::hold},

    {stage::parked, cause::revived, stage::booting, order::spawn},
    {stage::parked, cause::drain_asked, stage::gone, order::forget},

    {stage::held, cause::revived, stage::booting, order::spawn},
    {stage::held, cause::drain_asked, stage::gone, order::forget},
});

/// A value.
class worker_life {
public:
    constexpr worker_life() noexcept = default;
    /// One that has come so far.
    explicit constexpr worker_life(stage now) noexcept
        : now_{now}
    {}

    [[nodiscard]] constexpr stage now() const noexcept { return now_; }

    /// Is there a process, dying or not?
    [[nodiscard]] constexpr bool has_process() const noexcept { return now_ <= stage::leaving; }

    /// What to do next, or nothing if `why` does not fit the stage. A worker may say "ready"
    /// twice; that is its bug and our log line, so it must not be our assertion.
    [[nodiscard]] constexpr std::optional<order> on(cause why) noexcept
    {
        for (const rule& r : rules) {
            if (r.from == now_ && r.why == why) {
                now_ = r.to;
                return r.then;
            }
        }
        return std::nullopt;
    }

private:
    stage now_ = stage::booting;
};

[[nodiscard]] constexpr const char* name(stage s) noexcept
{
    switch (s) {
        case stage::booting:
            return "booting";
        case stage::serving:
            return "serving";
        case stage::draining:
            return "draining";
        case stage::withdrawing:
            return "withdrawing";
        case stage::replacing:
            return "replacing";
        case stage::leaving:
            return "leaving";
        case stage::resting:
            return "resting";
        case stage::parked:
            return "parked";
        case stage::held:
            return "held";
        case stage::gone:
            return "gone";
    }
    return "unknown";
}

[[nodiscard]] constexpr const char* name(cause c) noexcept
{
    switch (c) {
        case cause::ready:
            return "ready";
        case cause::drain_asked:
            return "drain asked";
        case cause::hold_asked:
            return "hold asked";
        case cause::leave_announced:
            return "leave announced";
        case cause::deadline:
            return "deadline";
        case cause::succeeded:
            return "succeeded";
        case cause::died:
            return "died";
        case cause::died_too_often:
            return "died too often";
        case cause::died_unwanted:
            return "died unwanted";
        case cause::revived:
            return "revived";
    }
    return "unknown";
}

}  // namespace cohort::primary
