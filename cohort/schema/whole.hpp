#pragma once

#include <cohort/schema/reader.hpp>

#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace cohort::schema {

/// An integer of 64 bits and a sign. A value.
struct whole {
    std::uint64_t magnitude = 0;
    bool negative = false;  ///< Never with magnitude 0.
};

/// The integer that a number is, exactly: 10, 1.0 and 1e1 are some. Nothing: it has a fraction.
/// `beyond` is set, and the sign right, if it has more than 64 bits.
[[nodiscard]] std::optional<whole> whole_of(const number_text& number, bool& beyond);

[[nodiscard]] constexpr bool operator==(const whole& a, const whole& b) noexcept
{
    return a.negative == b.negative && a.magnitude == b.magnitude;
}
[[nodiscard]] constexpr std::strong_ordering operator<=>(const whole& a, const whole& b) noexcept
{
    if (a.negative != b.negative)
        return a.negative ? std::strong_ordering::less : std::strong_ordering::greater;
    return a.negative ? b.magnitude <=> a.magnitude : a.magnitude <=> b.magnitude;
}

/// An integer of any type as sign and magnitude.
template <std::integral T>
[[nodiscard]] constexpr whole make_whole(T value) noexcept
{
    if constexpr (std::signed_integral<T>) {
        if (value < 0)
            return {.magnitude = ~static_cast<std::uint64_t>(value) + 1, .negative = true};
    }
    return {.magnitude = static_cast<std::uint64_t>(value), .negative = false};
}

/// The same integer as T, which it must fit.
template <std::integral T>
[[nodiscard]] constexpr T as(const whole& value) noexcept
{
    return static_cast<T>(value.negative ? ~value.magnitude + 1 : value.magnitude);
}

template <std::integral T>
inline constexpr whole least_of = make_whole(std::numeric_limits<T>::min());
template <std::integral T>
inline constexpr whole most_of = make_whole(std::numeric_limits<T>::max());

[[nodiscard]] std::string digits_of(const whole& value);

}  // namespace cohort::schema
