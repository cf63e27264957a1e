#pragma once
// A worker shows the stacks of its threads: a signal comes, and the thread that gets it writes
// where it is onto a sheet that it shares with the primary. Everything that happens in the handler
// is async-signal-safe: no allocation, no lock, no file.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/journal.hpp>

#include <csignal>
#include <cstdint>
#include <span>

namespace cohort::process::stacks {

/// What asks a thread for its stack: SIGRTMAX-4. Whoever has not installed the handler dies of it.
[[nodiscard]] int signal_number() noexcept;

/// Makes this process's sheet, and answers the signal from now on, on the calling thread, which is
/// the loop. With a journal the sheet also says which request a thread runs.
/// Order: once a process; before last_words, which also writes on the sheet.
/// Lifetime: the journal outlives the process. Errors: EMFILE, ENOMEM.
[[nodiscard]] result<> install(const board::journal* journal);

/// The calling thread's own life begins in this frame (__builtin_frame_address(0)): what lies
/// beyond it is how a copy was born, and is not shown.
void begins_at(const void* frame) noexcept;

/// The calling thread answers, too, though it blocks other signals. `index`: its number in the
/// journal.
void attend(std::uint32_t index) noexcept;

/// The sheet once more, for the primary. Errors: errc::bad_value, none was made; EMFILE.
[[nodiscard]] result<unique_fd> share();

/// Says, also on the sheet, when the oldest request that runs began. 0: none runs.
void note_oldest_request(std::uint64_t begun_ns) noexcept;
/// How much memory this process has now: some microseconds.
void note_memory() noexcept;

// For the crash handler; async-signal-safe.

/// What request the calling thread runs, while nobody else changes the journal, and what the
/// handler was given (its third argument) has of registers. `number` 0: it called exit().
void note_crash(int number, const siginfo_t& info, const void* context) noexcept;
/// Who has sent the signal that we are about to die of. Asks the kernel for that one's name.
void note_sender(int number, const siginfo_t& info) noexcept;
/// What nobody has caught: before std::terminate aborts, so that the crash will have it. `says`
/// may be nullptr.
void note_exception(const char* type, const char* says) noexcept;
/// What has escaped into the event loop, where the worker ends for it: also where it was thrown,
/// by the innermost `calls` (none: nobody knows). Not in a handler.
void note_escaped(const char* type, const char* says,
                  std::span<const std::uintptr_t> calls) noexcept;
/// Where a signal has interrupted the calling thread; or, without one, where it is. It may fault on
/// the way, see leave_unreadable(); some microseconds, more where the program's tables must be read
/// first.
enum class interrupted : std::uint8_t { by_signal, no };
void note_crash_stack(interrupted how) noexcept;
/// Order: first of all in a handler of what a walk along a stack may cause, or that ends one. Does
/// not return if the calling thread is on such a walk: that ends there. Otherwise it does nothing.
void leave_unreadable() noexcept;

}  // namespace cohort::process::stacks
