#pragma once
// Durations, sizes, shares and counts, as people write them: with their unit. What is read is given
// back as the same text, in the largest unit that fits.

#include <cohort/base/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::config {

using std::chrono::milliseconds;

/// "30s", "250ms": whole milliseconds, rounded up, so that "500us" does not become "off". The unit
/// (us, ms, s, m, h, d) is required, except for "0". Errors: errc::bad_value.
[[nodiscard]] result<milliseconds> parse_time(std::string_view text);
[[nodiscard]] std::string text_of(milliseconds time);

/// "512M", "4096B": powers of 1024. The unit (B, K, M, G, T) is required, except for "0". Errors:
/// errc::bad_value.
[[nodiscard]] result<std::uint64_t> parse_bytes(std::string_view text);
[[nodiscard]] std::string text_of_bytes(std::uint64_t bytes);

/// "70%": whole, 0 to 100. Errors: errc::bad_value.
[[nodiscard]] result<unsigned> parse_percent(std::string_view text);

/// A threshold that each worker has a little earlier or later than the next, so that they do not
/// all come to it at once. Text: "off", "512M", "100k ±20%", "24h +-10%".
template <class T>
struct spread {
    T value{};                    ///< zero: off
    unsigned jitter_percent = 0;  ///< at most so much less or more. Range: 0 to 50.

    [[nodiscard]] bool on() const noexcept { return value != T{}; }
    friend bool operator==(const spread&, const spread&) = default;
};

/// Errors, of all three: errc::bad_value.
[[nodiscard]] result<spread<std::uint64_t>> parse_spread_bytes(std::string_view text);
/// Counts know k and M: thousands and millions.
[[nodiscard]] result<spread<std::uint64_t>> parse_spread_count(std::string_view text);
[[nodiscard]] result<spread<milliseconds>> parse_spread_time(std::string_view text);
[[nodiscard]] std::string text_of_spread_bytes(const spread<std::uint64_t>& of);
[[nodiscard]] std::string text_of_spread_count(const spread<std::uint64_t>& of);
[[nodiscard]] std::string text_of_spread_time(const spread<milliseconds>& of);

}  // namespace cohort::config
