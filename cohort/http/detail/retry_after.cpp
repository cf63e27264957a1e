#include <cohort/http/detail/retry_after.hpp>

#include <cohort/base/random.hpp>

#include <algorithm>
#include <cstdint>

#include <unistd.h>

namespace cohort::http::detail {

std::chrono::seconds retry_after_by_chance(std::chrono::seconds most) noexcept
{
    // Seeded anew in each process: twins would send their clients back together.
    thread_local pid_t seeded_in = 0;
    thread_local random_source dice{0};
    if (const pid_t here = ::getpid(); seeded_in != here) {
        dice = random_source::from_kernel();
        seeded_in = here;
    }
    const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(most.count(), 1));
    return std::chrono::seconds{1 + dice.next() % span};
}

}  // namespace cohort::http::detail
