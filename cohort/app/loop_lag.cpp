#include <cohort/app/loop_lag.hpp>

#include <algorithm>
#include <limits>

namespace cohort {

void loop_lag::add(nanoseconds late) noexcept
{
    constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
    us_[next_] =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(late.count() / 1'000, 0, most));
    next_ = (next_ + 1) % kept;
    count_ = std::min(count_ + 1, kept);
}

nanoseconds loop_lag::quantile(double share) const noexcept
{
    if (count_ == 0)
        return nanoseconds{0};
    auto sorted = us_;
    const auto last = static_cast<std::size_t>(static_cast<double>(count_ - 1) * share + 0.5);
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(last, count_ - 1));
    std::nth_element(sorted.begin(), at, sorted.begin() + static_cast<std::ptrdiff_t>(count_));
    return std::chrono::microseconds{*at};
}

}  // namespace cohort
