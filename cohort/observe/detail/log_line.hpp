#pragma once
// How one line is put together, in each format. No descriptor here, and no clock.

#include <cohort/base/clock.hpp>
#include <cohort/observe/detail/log_bindings.hpp>
#include <cohort/observe/log.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cohort::log::detail {

/// What is the same for all lines of a process. A value.
struct line_terms {
    format shape = format::json;
    std::optional<std::uint32_t> worker = {};
    std::string_view hostname;  ///< pino's lines have it
    std::size_t bytes_max = 0;  ///< of a line with its end
};

/// What one line says. Views.
struct line_words {
    level at = level::info;
    std::string_view message;
    const bindings* bound = nullptr;
    std::span<const field> more;
    wall_time when;
};

/// Appends it with its end. False: something was left out, and the line says so.
bool append_line(std::string& out, const line_terms& how, const line_words& what);

/// Appends `,"name":value`; returns how many bytes of that the name takes, with its quotes and what
/// is before it. An exception takes no more than `bytes_max`.
std::size_t append_member(std::string& out, const field& one, std::size_t bytes_max);

/// "[redacted]", with its quotes.
inline constexpr std::string_view redacted_text = R"("[redacted]")";

}  // namespace cohort::log::detail
