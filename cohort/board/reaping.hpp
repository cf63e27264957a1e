#pragma once
// How a worker ended, as its keeper was told, for who follows it: a successor takes the seat at the
// moment of the death, some microseconds before anybody is told of it.

#include <cohort/board/journal_layout.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace cohort::board {

/// As waitid(2) says it. A value.
struct reaping {
    int code = 0;    ///< CLD_EXITED, CLD_KILLED or CLD_DUMPED
    int status = 0;  ///< exit code or signal

    friend bool operator==(const reaping&, const reaping&) = default;
};

/// In a keeper, which is the only writer. Async-signal-safe.
void note_reaping(journal_header& in, std::uint32_t process, reaping how) noexcept;

/// How `process` ended. Waits for the keeper's note, for `patience` at most. Nothing: it was not
/// told in time, or somebody else was reaped since.
[[nodiscard]] std::optional<reaping> await_reaping(const journal_header& in, std::uint32_t process,
                                                   std::chrono::nanoseconds patience) noexcept;

}  // namespace cohort::board
