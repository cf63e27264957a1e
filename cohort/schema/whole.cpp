#include <cohort/schema/whole.hpp>

#include <algorithm>
#include <optional>

namespace cohort::schema {

namespace {

/// Digits after each other, with a power of ten behind them: 12.50e3 is "1250" and 1.
struct decimal {
    std::string digits;
    std::int64_t exponent = 0;
};

decimal taken_apart(std::string_view all)
{
    // More digits than any text that we would read has; keeps sums of exponents in their type.
    constexpr std::int64_t far = 1'000'000'000'000;
    decimal out;
    std::size_t at = all[0] == '-' ? 1 : 0;
    bool behind_point = false;
    for (; at < all.size() && all[at] != 'e' && all[at] != 'E'; ++at) {
        if (all[at] == '.') {
            behind_point = true;
            continue;
        }
        out.digits.push_back(all[at]);
        out.exponent -= behind_point ? 1 : 0;
    }
    if (at < all.size()) {
        ++at;
        const bool negative = all.substr(at).starts_with('-');
        at += negative || all.substr(at).starts_with('+') ? 1 : 0;
        std::int64_t power = 0;
        for (; at < all.size(); ++at)
            power = std::min(far, power * 10 + (all[at] - '0'));
        out.exponent += negative ? -power : power;
    }
    return out;
}

std::optional<std::uint64_t> magnitude_of(std::string_view digits) noexcept
{
    std::uint64_t sum = 0;
    for (const char c : digits) {
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (__builtin_mul_overflow(sum, 10U, &sum) || __builtin_add_overflow(sum, digit, &sum))
            return std::nullopt;
    }
    return sum;
}

}  // namespace

std::optional<whole> whole_of(const number_text& number, bool& beyond)
{
    beyond = false;
    const bool negative = number.all[0] == '-';
    std::optional<std::uint64_t> magnitude;
    if (number.plain && number.short_enough) {
        magnitude = number.digits;
    } else if (number.plain) {
        magnitude = magnitude_of(number.all.substr(negative ? 1 : 0));
    } else {
        decimal parts = taken_apart(number.all);
        const std::size_t first = parts.digits.find_first_not_of('0');
        if (first == std::string::npos)
            return whole{};
        parts.digits.erase(0, first);
        const std::size_t last = parts.digits.find_last_not_of('0');
        parts.exponent += static_cast<std::int64_t>(parts.digits.size() - last - 1);
        parts.digits.resize(last + 1);
        if (parts.exponent < 0)
            return std::nullopt;
        constexpr std::size_t digits_most = 20;
        const auto zeros = static_cast<std::size_t>(parts.exponent);
        if (parts.digits.size() + zeros <= digits_most)
            magnitude = magnitude_of(parts.digits.append(zeros, '0'));
    }
    beyond = !magnitude;
    const std::uint64_t value = magnitude.value_or(0);
    return whole{.magnitude = value, .negative = negative && (value != 0 || beyond)};
}

std::string digits_of(const whole& value)
{
    std::string digits = std::to_string(value.magnitude);
    if (value.negative)
        digits.insert(digits.begin(), '-');
    return digits;
}

}  // namespace cohort::schema
