#pragma once

#include <cohort/cli/state.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::cli {

inline constexpr std::string_view unit_prefix = "cohort-";

/// "cohort-api.service"
[[nodiscard]] std::string unit_name(std::string_view app);

/// Whose units: the machine's, or those of the user who asks.
enum class unit_manager : std::uint8_t { system, of_user };

/// What a unit says besides how the cohort was started. A value.
struct unit_place {
    std::string command;  ///< the path of this program
    unit_manager manager = unit_manager::system;
};

/// A systemd unit for a cohort that was started so.
[[nodiscard]] std::string unit_of(const launch_record& what, const unit_place& where);

/// What systemd makes of `$` in a word.
enum class variables : std::uint8_t {
    kept,      ///< the path of what is run
    replaced,  ///< its arguments
};

/// A word as systemd takes it in Exec lines: quoted where that is needed, '%' doubled, and '$'
/// where it would be replaced.
/// Source: systemd.service(5), COMMAND LINES; systemd.unit(5), SPECIFIERS.
[[nodiscard]] std::string quoted_for_unit(std::string_view word, variables may_be);

}  // namespace cohort::cli
