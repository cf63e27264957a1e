#pragma once
// Which lines of a log somebody wants to see. A decision without files, so that a test can ask it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::cli {

/// A value.
struct log_filter {
    std::optional<unsigned> least;      ///< rank of the least level; lines without one are left out
    std::string since;                  ///< "2026-11-28T13:00:00.000Z"; empty: all
    std::string part;                   ///< of the line; empty: all
    std::optional<std::uint32_t> slot;  ///< and one of the following that belongs to it
    std::optional<std::int64_t> pid;
    std::optional<std::int64_t> worker;

    [[nodiscard]] bool wants(std::string_view line) const;
};

/// trace 0, debug 1, info 2, warn 3, error 4, fatal 5; nothing for other words. Also pino's
/// numbers.
[[nodiscard]] std::optional<unsigned> rank_of(std::string_view level) noexcept;

/// As people read it: time, level, message, and the other fields after it.
[[nodiscard]] std::string readable(std::string_view line);

}  // namespace cohort::cli
