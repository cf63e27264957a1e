#pragma once
// How long something takes that is over in nanoseconds, for benches that repeat it in one process.

#include <cohort/base/clock.hpp>

#include <algorithm>
#include <vector>

namespace bench {

/// Keeps the compiler from proving that nothing happened.
template <class T>
void keep(const T& value)
{
    asm volatile("" : : "g"(&value) : "memory");
}

/// The median of so many rounds, each the mean of so many calls of `work`, which is told how the
/// manyth it is in its round.
template <class Work>
double median_ns(int rounds, int repeats, Work work)
{
    std::vector<double> took(static_cast<std::size_t>(rounds));
    for (double& one : took) {
        const auto before = cohort::now();
        for (int i = 0; i < repeats; ++i)
            work(i);
        one = static_cast<double>(cohort::nanoseconds{cohort::now() - before}.count()) / repeats;
    }
    const auto middle = took.begin() + rounds / 2;
    std::ranges::nth_element(took, middle);
    return *middle;
}

}  // namespace bench
