#pragma once
// How processes ended that the root reaped, for the primary, which made them and is not their
// parent. In memory that both share; one writer. Closed to other rooms.

#include <cohort/process/ward.hpp>

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace cohort::process::detail {

/// The last so many ends; older ones are forgotten. All zeros: none. Lock-free; either side may
/// die at any instruction.
class death_notes {
public:
    static constexpr std::size_t remembered = 1024;

    /// Order: one process at a time writes.
    void write(pid_t pid, ward::report how) noexcept
    {
        const std::uint64_t number = written_.load(std::memory_order_relaxed);
        note& at = notes_[number % remembered];
        at.number_plus_one.store(0, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        at.pid.store(pid, std::memory_order_relaxed);
        at.code.store(how.code, std::memory_order_relaxed);
        at.status.store(how.status, std::memory_order_relaxed);
        at.number_plus_one.store(number + 1, std::memory_order_release);
        written_.store(number + 1, std::memory_order_release);
    }

    /// How many there were.
    [[nodiscard]] std::uint64_t count() const noexcept
    {
        return written_.load(std::memory_order_acquire);
    }

    /// The first end of `pid` that was written when there were `since`, or more: one that had the
    /// same number and ended earlier is somebody else.
    [[nodiscard]] std::optional<ward::report> find(pid_t pid, std::uint64_t since) const noexcept
    {
        const std::uint64_t end = count();
        for (std::uint64_t i = std::max(since, end > remembered ? end - remembered : 0); i < end;
             ++i)
        {
            const note& at = notes_[i % remembered];
            if (at.number_plus_one.load(std::memory_order_acquire) != i + 1)
                continue;  // overwritten by now
            const pid_t whose = at.pid.load(std::memory_order_relaxed);
            const ward::report how{.code = at.code.load(std::memory_order_relaxed),
                                   .status = at.status.load(std::memory_order_relaxed)};
            std::atomic_thread_fence(std::memory_order_acquire);
            if (at.number_plus_one.load(std::memory_order_relaxed) == i + 1 && whose == pid)
                return how;
        }
        return std::nullopt;
    }

private:
    struct note {
        std::atomic<std::uint64_t> number_plus_one{0};
        std::atomic<pid_t> pid{0};
        std::atomic<int> code{0};
        std::atomic<int> status{0};
    };

    std::atomic<std::uint64_t> written_{0};
    std::array<note, remembered> notes_{};
};

}  // namespace cohort::process::detail
