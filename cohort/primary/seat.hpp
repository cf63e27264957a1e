#pragma once

#include <cohort/base/backoff.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/primary/birth.hpp>
#include <cohort/primary/crash_policy.hpp>
#include <cohort/primary/file_mark.hpp>
#include <cohort/primary/generation.hpp>
#include <cohort/primary/keeper_handle.hpp>
#include <cohort/primary/worker_handle.hpp>
#include <cohort/primary/worker_life.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::primary {

/// One slot, and who sits there. A resource; the inbox stays for as long as the primary lives.
struct seat {
    /// What a seat has for as long as there is a primary.
    struct furniture {
        net::inbox_pair inbox;
        net::inbox_pair hotline;  ///< where its worker hears of a primary that follows another
    };

    seat(boost::asio::any_io_executor executor, std::uint32_t number, furniture has,
         crash_limits limits)
        : slot{number},
          inbox{std::move(has.inbox)},
          hotline{std::move(has.hotline)},
          crashes{limits},
          timer{executor}
    {}

    /// A new worker can be put here: the last one's connections and descriptors were looked after.
    [[nodiscard]] bool free() const noexcept { return vacant() && !tenant && !keeper; }
    /// Nobody sits here, and nobody will unless somebody is forked.
    [[nodiscard]] bool vacant() const noexcept { return !life || life->now() == stage::gone; }

    std::uint32_t slot;
    net::inbox_pair inbox;
    net::inbox_pair hotline;
    crash_policy crashes;
    backoff shortage{milliseconds{100}, seconds{5}};  // attempts that failed for want of something
    boost::asio::steady_timer timer;                  // of the stage
    std::uint64_t timer_turn = 0;  // a timer that was set anew may already have fired
    std::optional<steady_time> deadline;
    std::optional<worker_life> life;
    worker_ptr tenant;  // also for a while after its death
    birth_plan plan;
    generation_ptr of;            // whose code and settings its workers live by
    keeper_ptr keeper;            // of a kept pair; also for a while after its last worker
    unsigned misfortunes = 0;     // ends of its generation's workers that were their own fault
    std::string last_misfortune;  // in words
    std::shared_ptr<board::journal> journal;  // of this pair
    std::size_t journal_bytes = 0;
    process::memory_group_ptr group;  // which its workers are in; nullptr: in ours
    /// Kept workers that died, in this order; they are buried one after the other.
    struct end {
        worker_ptr who;
        process::keeper_note how;
    };
    std::deque<end> ends;
    bool burying = false;
    pid_t last_judged = 0;           // whom the keeper replaces only when it is ordered to
    bool waits = false;              // it does so now: that one's end was told
    bool seeking = false;            // somebody looks for who has the seat
    bool replaced_when_dead = true;  // forked by hand: not
    bool extra = false;              // one more than wanted, for a while
    bool ill = false;                // it was ended for its health, and nobody serves yet
    bool inherits = false;           // its program accepts on sockets that it was given
    bool stopped = false;            // its last worker left on purpose, see restart.stop_codes
    /// What its last worker read from files, if that is known.
    std::optional<std::vector<file_mark>> started_from = {};
};

/// How the supervisor reads the settings.
[[nodiscard]] inline crash_limits limits_of(const config::restart& of)
{
    crash_limits limits;
    limits.pause_first = of.backoff_first;
    limits.pause_ceiling = of.backoff_ceiling;
    limits.give_up_deaths = of.give_up_deaths;
    limits.give_up_window = of.give_up_window;
    return limits;
}

}  // namespace cohort::primary
