#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace cohort {

/// The decimal digits of an integer, without an allocation and without a format string: for text
/// that is put together for every request. A value.
class decimal {
public:
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    explicit decimal(T number) noexcept
    {
        char* const begin = digits_.data();
        size_ = static_cast<std::size_t>(std::to_chars(begin, begin + digits_.size(), number).ptr -
                                         begin);
    }

    [[nodiscard]] std::string_view view() const noexcept { return {digits_.data(), size_}; }

private:
    std::array<char, 20> digits_;  // of 2^64 - 1, and of -2^63 with its sign
    std::size_t size_ = 0;
};

}  // namespace cohort
