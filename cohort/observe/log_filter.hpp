#pragma once
// Which lines of a log somebody wants to see. A decision without files, so that a test can ask it.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::observe {

/// A value.
struct log_filter {
    std::optional<unsigned> least =
        {};  ///< rank of the least level; lines without one are left out
    /// "2026-11-28T13:00:00.000Z"; empty: all. Lines of the text format have no date: all of them.
    std::string since = {};
    std::string part = {};                   ///< of the line; empty: all
    std::optional<std::uint32_t> slot = {};  ///< and one of the following that belongs to it
    std::optional<std::int64_t> pid = {};
    std::optional<std::int64_t> worker = {};

    [[nodiscard]] bool wants(std::string_view line) const;
};

/// That of log::level: trace 0, debug 1, info 2, warn 3, error 4, fatal 5; nothing for other words.
[[nodiscard]] std::optional<unsigned> rank_of(std::string_view level) noexcept;

/// A line as an object, whoever wrote it. Nothing: it is none.
[[nodiscard]] std::optional<boost::json::object> parse_log_line(std::string_view line);

/// What a line calls its level; also pino's numbers.
[[nodiscard]] std::optional<unsigned> rank_said(const boost::json::value& level) noexcept;
[[nodiscard]] std::optional<unsigned> rank_in(const boost::json::object& line);

/// "trace" to "fatal"; empty for other ranks.
[[nodiscard]] std::string_view level_of(unsigned rank) noexcept;

}  // namespace cohort::observe
