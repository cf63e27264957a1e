#include <cohort/observe/wall_ahead.hpp>

#include <cohort/base/clock.hpp>

namespace cohort::observe {

std::uint64_t wall_ahead_ns() noexcept
{
    const nanoseconds wall = wall_now().time_since_epoch();
    return static_cast<std::uint64_t>(wall.count()) - now_ns();
}

}  // namespace cohort::observe
