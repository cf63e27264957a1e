#include <cohort/base/parse.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

namespace cohort {

namespace {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr auto durations = std::to_array<unit>({
    {"us", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
});

constexpr auto sizes = std::to_array<unit>({
    {"", 1},
    {"B", 1},
    {"K", 1ULL << 10},
    {"M", 1ULL << 20},
    {"G", 1ULL << 30},
    {"T", 1ULL << 40},
});

/// Digits, then one of `units`; the product must not pass `ceiling`.
template <std::size_t N>
std::optional<std::uint64_t> scaled(std::string_view text, const std::array<unit, N>& units,
                                    std::uint64_t ceiling) noexcept
{
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto count = parse_integer<std::uint64_t>(text.substr(0, digits));
    if (!count)
        return std::nullopt;
    for (const unit& u : units) {
        if (u.name == text.substr(digits) && *count <= ceiling / u.factor)
            return *count * u.factor;
    }
    return std::nullopt;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) noexcept
{
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped_at, ec] = std::from_chars(text.data(), end, value);
    if (ec != std::errc{} || stopped_at != end || text.empty() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

result<std::chrono::nanoseconds> parse_duration(std::string_view text)
{
    if (text == "0")
        return std::chrono::nanoseconds{0};
    constexpr auto ceiling = std::numeric_limits<std::int64_t>::max();
    const auto count = scaled(text, durations, static_cast<std::uint64_t>(ceiling));
    if (!count)
        return failed(errc::bad_value, "read a duration such as 250ms, 30s, 5m or 2h from",
                      fmt::format("\"{}\"", text));
    return std::chrono::nanoseconds{static_cast<std::int64_t>(*count)};
}

result<std::uint64_t> parse_size(std::string_view text)
{
    const auto count = scaled(text, sizes, std::numeric_limits<std::uint64_t>::max());
    if (!count)
        return failed(errc::bad_value, "read a size such as 4096, 64K, 512M or 2G from",
                      fmt::format("\"{}\"", text));
    return *count;
}

}  // namespace cohort
