#pragma once

#include <cohort/base/clock.hpp>

#include <cstdint>
#include <optional>

namespace cohort {

/// How the event loop of this thread divides its time between work and waiting for some. A value,
/// one for each thread.
///
/// Asio waits in one place, in epoll_wait, and that call is ours (async/asio.cpp): so a loop with
/// nothing to do costs two looks at the clock for each time that it falls asleep, and a loop that
/// never sleeps none.
class loop_meter {
public:
    /// Of this thread.
    [[nodiscard]] static loop_meter& here() noexcept;

    /// From now on, on this thread.
    void start() noexcept { on_ = true; }
    void stop() noexcept { on_ = false; }
    [[nodiscard]] bool on() const noexcept { return on_; }

    /// Time that the loop has waited. 1 - this / (time gone by) is how busy it was.
    [[nodiscard]] nanoseconds slept() const noexcept { return slept_; }

    /// When the loop woke up last, once: whoever begins to work on what woke it up needs not look
    /// at the clock. Nothing: it did not sleep before this turn.
    [[nodiscard]] std::optional<steady_time> take_awakening() noexcept
    {
        if (!fresh_)
            return std::nullopt;
        fresh_ = false;
        return woke_;
    }

    // For who calls epoll_wait.

    void sleeps(steady_time at) noexcept { fell_asleep_ = at; }
    void wakes(steady_time at) noexcept
    {
        slept_ += at - fell_asleep_;
        woke_ = at;
        fresh_ = true;
    }
    /// It only looked.
    void looks() noexcept { fresh_ = false; }

private:
    bool on_ = false;
    bool fresh_ = false;
    steady_time fell_asleep_{};
    steady_time woke_{};
    nanoseconds slept_{0};
};

}  // namespace cohort
