#pragma once
// How long something takes that is over in nanoseconds, for benches that repeat it in one process.

#include <cohort/base/parse.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <time.h>

namespace bench {

/// How many rounds a program is asked for by its only argument. Nothing: that makes no sense.
inline std::optional<int> rounds_asked(int argc, const char* const* argv, int usual) noexcept
{
    const auto wanted = argc > 1 ? cohort::parse_integer<int>(argv[1]) : std::optional{usual};
    return wanted && *wanted > 0 ? wanted : std::nullopt;
}

/// Keeps the compiler from proving that nothing happened.
template <class T>
void keep(const T& value)
{
    asm volatile("" : : "g"(&value) : "memory");
}

/// What the calling thread has had of a processor: on a machine that others use, too, the time on
/// the wall is theirs as well.
inline std::int64_t thread_ns() noexcept
{
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// The median of so many rounds, each the mean of so many calls of `work`, which is told how the
/// manyth it is in its round. Only what this thread works counts.
template <class Work>
double median_ns(int rounds, int repeats, Work work)
{
    std::vector<double> took(static_cast<std::size_t>(rounds));
    for (double& one : took) {
        const std::int64_t before = thread_ns();
        for (int i = 0; i < repeats; ++i)
            work(i);
        one = static_cast<double>(thread_ns() - before) / repeats;
    }
    const auto middle = took.begin() + rounds / 2;
    std::ranges::nth_element(took, middle);
    return *middle;
}

}  // namespace bench
