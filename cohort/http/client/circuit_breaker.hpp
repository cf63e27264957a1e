#pragma once

#include <cohort/base/clock.hpp>

#include <cstdint>

namespace cohort::http {

/// When a circuit breaker opens, and for how long. A value.
struct breaker_options {
    /// Of the calls of one window, so many must have failed, and at least that share of them.
    unsigned failures_min = 10;
    double failed_share = 0.5;
    nanoseconds window = seconds{10};

    /// How long nobody is let through; doubles up to the ceiling while trials fail.
    nanoseconds open_for = seconds{1};
    nanoseconds open_ceiling = seconds{30};

    /// Calls that try at a time whether it works again.
    unsigned trials = 1;
};

/// Keeps calls from an origin that does not answer: its failures are counted, and for a while new
/// calls fail at once, which is kinder to both sides. An automaton without a clock. A resource.
///
///     closed ── too many failures ──> open ── time is up ──> half open ── a success ──> closed
///                                      ^                         │
///                                      └────── a failure ────────┘
class circuit_breaker {
public:
    enum class state : std::uint8_t { closed, open, half_open };

    /// For a call that was let in; says how it ended.
    enum class outcome : std::uint8_t {
        success,
        failure,
        unknown,  ///< Whoever called gave up: nobody's fault.
    };

    explicit circuit_breaker(const breaker_options& options) noexcept
        : options_{options}, open_for_{options.open_for}
    {}

    /// May a call begin? If so, end() must follow.
    [[nodiscard]] bool admit(steady_time now) noexcept;

    void end(outcome how, steady_time now) noexcept;

    [[nodiscard]] state is() const noexcept { return state_; }

    /// Until when nobody is let in. While it is open.
    [[nodiscard]] steady_time open_until() const noexcept { return open_until_; }

    /// How often it has opened.
    [[nodiscard]] std::uint64_t opened() const noexcept { return opened_; }

private:
    void open(steady_time now) noexcept;
    void close() noexcept;
    void begin_window(steady_time now) noexcept;

    breaker_options options_;
    state state_ = state::closed;
    nanoseconds open_for_;
    steady_time open_until_{};
    steady_time window_began_{};
    unsigned calls_ = 0;
    unsigned failures_ = 0;
    unsigned trials_running_ = 0;
    std::uint64_t opened_ = 0;
};

}  // namespace cohort::http
