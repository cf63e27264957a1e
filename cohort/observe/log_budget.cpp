#include <cohort/observe/log_budget.hpp>

#include <utility>

namespace cohort::log {

std::optional<std::uint64_t> budget::take(steady_time at) noexcept
{
    const std::scoped_lock held{mutex_};
    if (!began_ || at - *began_ >= span_) {
        began_ = at;
        written_ = 0;
    }
    if (written_ >= lines_) {
        ++suppressed_;
        return std::nullopt;
    }
    ++written_;
    return std::exchange(suppressed_, 0);
}

}  // namespace cohort::log
