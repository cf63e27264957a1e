#pragma once

#include <cohort/base/clock.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace cohort {

/// How late an event loop came to what it had planned, in the last minute. A value.
class loop_lag {
public:
    static constexpr nanoseconds period = milliseconds{100};
    static constexpr std::size_t kept = 600;  // a minute

    void add(nanoseconds late) noexcept;
    /// 0.99: all but one of a hundred were no later. Nothing was added: 0.
    [[nodiscard]] nanoseconds quantile(double share) const noexcept;

private:
    std::array<std::uint32_t, kept> us_{};
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

}  // namespace cohort
