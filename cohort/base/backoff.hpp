#pragma once

#include <cohort/base/random.hpp>

#include <algorithm>
#include <chrono>

namespace cohort {

/// Pauses that double from `first` to `ceiling`, each shortened by up to a quarter at random so
/// that those who failed together do not try again together. A value.
class backoff {
public:
    backoff(std::chrono::nanoseconds first, std::chrono::nanoseconds ceiling,
            random_source dice = random_source::from_kernel()) noexcept
        : first_{first}, ceiling_{ceiling}, dice_{dice}
    {}

    [[nodiscard]] std::chrono::nanoseconds next() noexcept
    {
        const auto full = step_;
        step_ = std::min(ceiling_, step_ * 2);
        const auto cut = static_cast<double>(full.count()) * 0.25 * dice_.fraction();
        return full - std::chrono::nanoseconds{static_cast<std::int64_t>(cut)};
    }

    void reset() noexcept { step_ = first_; }

    /// The full length of the next pause, for who goes on where this one stopped.
    [[nodiscard]] std::chrono::nanoseconds step() const noexcept { return step_; }
    void go_on_from(std::chrono::nanoseconds step) noexcept
    {
        step_ = std::clamp(step, first_, std::max(first_, ceiling_));
    }

private:
    std::chrono::nanoseconds first_;
    std::chrono::nanoseconds ceiling_;
    std::chrono::nanoseconds step_ = first_;
    random_source dice_;
};

}  // namespace cohort
