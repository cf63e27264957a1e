#include <cohort/base/clock.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace cohort {

namespace {

timespec read(clockid_t which) noexcept
{
    timespec at{};
    ::clock_gettime(which, &at);  // cannot fail for the constants used here
    return at;
}

nanoseconds since_zero(const timespec& at) noexcept
{
    return seconds{at.tv_sec} + nanoseconds{at.tv_nsec};
}

}  // namespace

steady_time now() noexcept { return steady_time{since_zero(read(CLOCK_MONOTONIC))}; }

steady_time now_coarse() noexcept { return steady_time{since_zero(read(CLOCK_MONOTONIC_COARSE))}; }

std::uint64_t now_ns() noexcept
{
    return static_cast<std::uint64_t>(since_zero(read(CLOCK_MONOTONIC)).count());
}

wall_time wall_now() noexcept { return std::chrono::system_clock::now(); }

std::int64_t wall_seconds_coarse() noexcept { return read(CLOCK_REALTIME_COARSE).tv_sec; }

std::string_view timestamp(wall_time when, std::span<char, 24> into) noexcept
{
    // Rounded down by hand: to_time_t() rounds towards zero, which is wrong before 1970.
    const auto whole = std::chrono::floor<seconds>(when);
    const auto rest = std::chrono::floor<milliseconds>(when - whole).count();
    struct known_second {
        wall_time is = wall_time::max();
        std::array<char, 24> text{};
    };
    thread_local known_second last;
    if (last.is != whole) {
        const std::time_t second = std::chrono::system_clock::to_time_t(whole);
        std::tm utc{};
        ::gmtime_r(&second, &utc);
        fmt::format_to_n(last.text.data(), last.text.size(),
                         "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z", utc.tm_year + 1900,
                         utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
        last.is = whole;
    }
    std::ranges::copy(last.text, into.begin());
    into[20] = static_cast<char>('0' + rest / 100);
    into[21] = static_cast<char>('0' + rest / 10 % 10);
    into[22] = static_cast<char>('0' + rest % 10);
    return {into.data(), into.size()};
}

std::string timestamp(wall_time when)
{
    std::array<char, 24> text;
    return std::string{timestamp(when, text)};
}

}  // namespace cohort
