#pragma once
// JSON text out of values: exact, and well-formed whatever they hold.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::schema {

/// With quotes and escapes. Bytes that are no UTF-8 become U+FFFD.
void append_text(std::string& out, std::string_view text);

void append_integer(std::string& out, std::int64_t value);
void append_integer(std::string& out, std::uint64_t value);
template <std::integral T>
void append_integer(std::string& out, T value)
{
    if constexpr (std::signed_integral<T>)
        append_integer(out, std::int64_t{value});
    else
        append_integer(out, std::uint64_t{value});
}

/// The shortest digits that are read as the same number; null for what JSON cannot say.
void append_number(std::string& out, double value);
void append_number(std::string& out, float value);

}  // namespace cohort::schema
