#pragma once

#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>

#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace cohort::primary {

/// Whether the process of the dashboard still turns its event loop: it counts in shared memory,
/// once a second, and the primary looks as often. A value; a view of that memory.
///
/// Silence is measured in looks, and not by a clock: a machine that was suspended, or a cohort that
/// was stopped as a whole, has not looked meanwhile.
class dashboard_pulse {
public:
    /// So many looks without a beat are silence.
    static constexpr unsigned looks_max = 10;

    /// Errors: errc::too_large, there is no shared memory left.
    [[nodiscard]] static result<dashboard_pulse> in(const board::commons& memory);

    explicit dashboard_pulse(std::atomic<std::uint64_t>& beats) noexcept
        : beats_{&beats}, heard_{beats.load(std::memory_order_relaxed)}
    {}

    /// Where that process counts.
    [[nodiscard]] std::atomic<std::uint64_t>& beats() const noexcept { return *beats_; }

    /// Another process counts from now on.
    void begin() noexcept { quiet_ = 0; }

    /// Once a second. True: it has been silent for too long.
    [[nodiscard]] bool look() noexcept;

private:
    std::atomic<std::uint64_t>* beats_;
    std::uint64_t heard_;
    unsigned quiet_ = 0;  // looks in a row without a beat
};

/// Is a debugger at it? Then it is silent for a reason. Source: proc_pid_status(5), TracerPid.
[[nodiscard]] bool is_debugged(pid_t who);

}  // namespace cohort::primary
