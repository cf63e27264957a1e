#pragma once
// What the two programs have in common: how a case is measured, and how it is printed.

#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>

#include <sys/resource.h>

namespace bench {

/// The number of lines that was asked for; 0: that is none.
inline long lines_of(std::string_view text)
{
    long lines = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), lines);
    return read.ptr == text.data() + text.size() && lines > 0 ? lines : 0;
}

/// User and system time of this process, nanoseconds: the kernel's part of a write is in it.
inline double worked_ns()
{
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto ns = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_usec) * 1e3;
    };
    return ns(used.ru_utime) + ns(used.ru_stime);
}

/// One line of JSON for `run`: the time of one line, by the clock and by the processor.
template <class Work>
void measure(const char* name, long lines, Work work)
{
    using clock = std::chrono::steady_clock;
    const double worked = worked_ns();
    const auto begin = clock::now();
    work(lines);
    const std::chrono::duration<double, std::nano> took = clock::now() - begin;
    std::fprintf(stderr, "{\"case\":\"%s\",\"ns\":%.1f,\"cpu_ns\":%.1f}\n", name,
                 took.count() / static_cast<double>(lines),
                 (worked_ns() - worked) / static_cast<double>(lines));
}

}  // namespace bench
