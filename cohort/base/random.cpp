#include <cohort/base/random.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/base/process_id.hpp>

#include <sys/random.h>

namespace cohort {

random_source random_source::from_kernel() noexcept
{
    std::uint64_t seed = 0;
    // Eight bytes never come back short once the kernel's pool is ready (getrandom(2)).
    COHORT_ASSERT(::getrandom(&seed, sizeof seed, 0) == sizeof seed);
    return random_source{seed};
}

random_source& random_source::of_this_thread() noexcept
{
    thread_local pid_t seeded_in = 0;
    thread_local random_source dice{0};
    if (const pid_t here = process_id(); seeded_in != here) {
        dice = from_kernel();
        seeded_in = here;
    }
    return dice;
}

std::uint64_t random_source::next() noexcept
{
    state_ += 0x9e3779b97f4a7c15ULL;
    return mix(state_);
}

double random_source::fraction() noexcept
{
    constexpr double steps = 1ULL << 53;
    return static_cast<double>(next() >> 11) / steps;
}

}  // namespace cohort
