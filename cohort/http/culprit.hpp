#pragma once
// Which request each thread of this process runs, for its crash handler: who crashes a worker is
// counted in the moment of the crash, whatever becomes of its connection.

#include <cohort/board/journal_layout.hpp>
#include <cohort/board/quarantine.hpp>
#include <cohort/http/request.hpp>

#include <cstdint>

namespace cohort::http::culprit {

/// Where accuse() writes. Lifetime: until withdraw().
struct court {
    board::journal_header* journal = nullptr;  ///< May be null.
    board::quarantine table;
    nanoseconds lasting{0};
};

/// From now on this process's crashes are counted there. One court a process: the last one counts.
/// Loop: the one whose thread has index 0; no lane may be crashing.
void convene(const court& where) noexcept;
/// Nobody is accused any more. With `whose` journal only, if another server has taken its place.
void withdraw(const board::journal_header* whose) noexcept;

/// This thread (0: the loop, lanes follow) runs `what` from now on; nullptr: nothing.
/// @return  what it ran before.
const request* run(unsigned thread, const request* what) noexcept;

/// The thread has crashed: counts a strike against what it ran. Async-signal-safe.
void accuse(std::uint32_t thread) noexcept;

}  // namespace cohort::http::culprit
