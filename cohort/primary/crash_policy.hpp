#pragma once
// When a dead worker is replaced: at once, later, or not any more. An automaton: the time comes in
// as an argument.

#include <cohort/base/backoff.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/board/ledger_layout.hpp>

#include <cstdint>
#include <deque>
#include <optional>

namespace cohort::primary {

struct crash_limits {
    /// A worker that served this long was not broken from the start: its death does not count.
    nanoseconds healthy_start = seconds{1};
    /// Pauses between attempts that fail early; the first replacement comes without any.
    nanoseconds pause_first = milliseconds{100};
    nanoseconds pause_ceiling = seconds{30};
    /// The pauses start over after a life of this length.
    nanoseconds forgiven_after = seconds{30};
    /// Early deaths within `give_up_window` after which the slot is parked. 0: never.
    unsigned give_up_deaths = 5;
    nanoseconds give_up_window = seconds{30};
};

/// Who ended it. Somebody with a kill command is not a broken program. `unclear`: it left in peace,
/// by its own will or because of a TERM.
enum class killer : std::uint8_t { itself, outside, unclear };

struct death {
    steady_time when;
    /// See time_served(); 0 if it never did.
    nanoseconds served;
    killer by;
};

/// How far a worker came. A value.
struct stages_reached {
    std::optional<steady_time> online;     ///< its runtime was up
    std::optional<steady_time> listening;  ///< its program had got as far as its first endpoint
};

/// well: by its own will, or by somebody else's.
enum class ending : std::uint8_t { well, badly };

/// A life of this length was a useful one, whatever the worker did.
inline constexpr nanoseconds useful_life = seconds{30};

/// How long a worker has served. A program that starts slowly and then fails never has: time that
/// it spent on its way to its first endpoint does not count, unless it was never meant to have one
/// and ended well, or lived long.
[[nodiscard]] nanoseconds time_served(const stages_reached& how, steady_time end, ending what);

struct verdict {
    enum class deed : std::uint8_t { replace, park };
    deed what;
    nanoseconds pause;
};

/// One slot's memory of its deaths. A value.
///
/// A worker killed from outside, or that had served for a while, is replaced at once, however
/// often: otherwise somebody who can crash it with a request could also keep it from coming back.
/// One that dies again and again as soon as it starts is given growing pauses, and then up.
class crash_policy {
public:
    explicit crash_policy(crash_limits limits, random_source dice = random_source::from_kernel());

    [[nodiscard]] verdict on_death(const death& how);

    /// Forgets everything: the operator believes it is repaired.
    void forgive();

    /// For the one that goes on with this slot after the primary's death.
    [[nodiscard]] board::ledger_deaths remember() const noexcept;
    void recall(const board::ledger_deaths& words);

private:
    [[nodiscard]] bool excused(const death& how);

    crash_limits limits_;
    backoff pauses_;
    std::deque<steady_time> early_;
    unsigned streak_ = 0;
    double patience_ = patience_full;  // early ends of unclear cause that are forgiven right now
    steady_time patience_at_{};

    static constexpr double patience_full = 20;
};

}  // namespace cohort::primary
