#pragma once
// Why a worker died: one word of a short list, for counters, and a sentence, for people. Decided
// from what everybody knows of it; no process, no clock.

#include <cohort/board/flight.hpp>
#include <cohort/board/stack_sheet.hpp>
#include <cohort/primary/worker_info.hpp>

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::primary {

/// What a worker died of.
enum class death_cause : std::uint8_t {
    left,           ///< It was asked to leave, or wanted to, and did so in peace.
    exited,         ///< It ended itself: exit(), _exit(), or a main that returned.
    exception,      ///< One that nobody caught.
    crash,          ///< SEGV, BUS, ILL, FPE, SYS, TRAP: its own doing.
    abort,          ///< abort(), an assertion.
    memory,         ///< The kernel killed it for memory.
    hang,           ///< We ended it: its event loop was silent.
    unhealthy,      ///< We ended it: a request that was too old, or a probe that failed.
    start_timeout,  ///< We ended it: it did not get ready.
    stop_timeout,   ///< We ended it: it did not leave in time.
    operator_,      ///< An operator, or the program itself, had us send a signal.
    outside,        ///< Somebody else sent a signal.
    unknown,
};

inline constexpr auto death_causes = std::to_array<std::string_view>(
    {"left", "exit", "exception", "crash", "abort", "memory", "hang", "unhealthy", "start_timeout",
     "stop_timeout", "operator", "outside", "unknown"});

/// As counters name it.
[[nodiscard]] constexpr std::string_view name(death_cause of) noexcept
{
    return death_causes[std::to_underlying(of)];
}

/// How many died of what, since the primary began. A value.
struct death_counts {
    std::array<std::uint64_t, death_causes.size()> of{};

    void add(death_cause one) noexcept { ++of[std::to_underlying(one)]; }
    [[nodiscard]] std::uint64_t operator[](death_cause one) const noexcept
    {
        return of[std::to_underlying(one)];
    }
};

/// Why we are about to end a worker. A value.
struct doom {
    death_cause why = death_cause::unknown;
    std::string words;  ///< "its event loop was silent for 30s"
    int signal = 0;     ///< it counts for an end by this one only; 0: by any
};

/// The memory that it had, in bytes. 0: nobody knows, or there is no bound. A value.
struct memory_facts {
    std::uint64_t resident = 0;  ///< at its last beat
    std::uint64_t bound = 0;     ///< limit.memory, as the kernel keeps it
    std::uint64_t peak = 0;      ///< the most that its slot's processes had together
};

/// What is known of a death. Views and pointers: whoever asks has it. nullptr: nothing of the kind.
struct death_facts {
    const exit_status& how;
    bool leaving = false;  ///< it was asked to leave, or said that it does
    const doom* ours = nullptr;
    const board::crash_reading* crash = nullptr;
    const board::sender_reading* sender = nullptr;
    const board::flight_reading* flight = nullptr;
    memory_facts memory{};
    pid_t primary = 0;
};

/// The answer. A value.
struct finding {
    death_cause cause = death_cause::unknown;
    std::string words;  ///< "crashed: SIGSEGV: no memory at 0x1230, in thread 4711, POST /crash"

    /// Nothing that anybody has to look into.
    [[nodiscard]] bool in_peace() const noexcept { return cause == death_cause::left; }
};

[[nodiscard]] finding judge(const death_facts& known);

/// "std::runtime_error: no such table" for an exception that a crash handler noted; empty: none.
[[nodiscard]] std::string words_of_exception(const board::crash_reading& of);

/// "61.2M at its last beat; limit.memory is 64.0M, of which its slot has had 64.0M"; empty: nothing
/// is known.
[[nodiscard]] std::string words_of(const memory_facts& of);

/// "SIGTERM from process 71 (bash)"
[[nodiscard]] std::string words_of_sender(const board::sender_reading& of, pid_t primary);

}  // namespace cohort::primary
