#pragma once

#include <cohort/base/clock.hpp>

#include <atomic>

namespace cohort::testing {

/// A clock that stands until a test turns it, for options that take a clock:
///
///     cohort::testing::fake_clock clock;
///     options.clock = &cohort::testing::fake_clock::now;
///     clock.advance(30s);
///
/// It begins an hour after the epoch. One at a time; any thread may read it.
class fake_clock {
public:
    fake_clock() noexcept { reading.store(start, std::memory_order_relaxed); }
    fake_clock(const fake_clock&) = delete;
    fake_clock& operator=(const fake_clock&) = delete;

    [[nodiscard]] static steady_time now() noexcept
    {
        return steady_time{nanoseconds{reading.load(std::memory_order_relaxed)}};
    }

    void advance(nanoseconds by) noexcept
    {
        reading.fetch_add(by.count(), std::memory_order_relaxed);
    }

private:
    static constexpr nanoseconds::rep start = 3'600'000'000'000;
    inline static std::atomic<nanoseconds::rep> reading{start};
};

}  // namespace cohort::testing
