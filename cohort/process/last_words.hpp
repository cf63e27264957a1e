#pragma once
// What a worker does in the moment of its crash: it notes who ran what, gives its seat away, and
// dies as it would have died without us. Everything here happens within a signal handler, on a
// stack of its own, without allocation.

#include <cohort/base/error.hpp>
#include <cohort/board/journal.hpp>

#include <cstdint>

namespace cohort::process::last_words {

/// crash_note::thread when no thread of ours is to blame: a thread that is not in the journal, or
/// a signal that somebody sent from outside.
inline constexpr std::uint32_t no_thread = 0xffff'ffff;

/// crash_note::address beside no_thread: it was a signal that somebody sent from outside, which
/// says nothing about the program.
inline constexpr std::uint64_t from_outside = ~std::uint64_t{0};

/// Catches SEGV, BUS, ILL, FPE, ABRT, SYS and TRAP from now on: the handler writes the journal's
/// crash note, gives the seat to the standby (0.1 ms; a core dump takes its time afterwards), rings
/// the keeper's bell, and lets the signal do what it does by default: exit status and core are
/// true. Where process/stacks is installed, its sheet gets signal, address and request before the
/// seat is given (0.3 us), and the stack after it (20 us): nobody waits for that. Whatever blocks
/// the handler does so for 5 s at most, by the timer of ITIMER_REAL.
///
/// Also notes an exit() that nobody expected: signal 0, thread, and the exit code as the address.
/// It does not give the seat away then: destructors still run, and close what would be the
/// successor's. Who leaves in peace uses _exit.
///
/// A worker that has not taken stock yet (journal_header::speaker is not its pid) dies of nothing
/// that a request did: its note names no thread.
///
/// Order: once, on the loop thread, which owns the seat. Errors: ENOMEM.
/// An exception that nobody catches (std::terminate) is noted on the sheet, with its type and what
/// it says, before it aborts; a signal that somebody sent from outside, with who that was.
[[nodiscard]] result<> install(board::journal& journal);

/// The same for a worker without a keeper: what it died of is noted on the sheet, and nowhere else.
[[nodiscard]] result<> install();

/// Called in the crash handler with the index of the thread that crashed, if it is one of ours,
/// when the note is written and before the seat is given away. Async-signal-safe; should it crash
/// itself, or abort, the process ends there, and the note still counts.
using testimony = void (*)(std::uint32_t thread) noexcept;
void on_culprit(testimony say) noexcept;

/// Gives the calling thread a number in the journal (1 to threads_max - 1; the loop is 0), and a
/// stack to crash on: without one, a stack overflow ends the process without last words.
/// The stack goes when the thread ends. Errors: ENOMEM; errc::bad_value, no such number.
[[nodiscard]] result<> install_on_this_thread(std::uint32_t index);

}  // namespace cohort::process::last_words
