#include <cohort/base/clock.hpp>

#include <fmt/format.h>

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

std::string timestamp(wall_time when)
{
    // Rounded down by hand: to_time_t() rounds towards zero, which is wrong before 1970.
    const auto whole = std::chrono::floor<seconds>(when);
    const std::time_t second = std::chrono::system_clock::to_time_t(whole);
    const auto rest = std::chrono::floor<milliseconds>(when - whole).count();
    std::tm utc{};
    ::gmtime_r(&second, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, rest);
}

}  // namespace cohort
