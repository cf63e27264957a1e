#pragma once

#include <cohort/cli/state.hpp>

#include <string>
#include <string_view>

namespace cohort::cli {

inline constexpr std::string_view unit_prefix = "cohort-";

/// "cohort-api.service"
[[nodiscard]] std::string unit_name(std::string_view app);

/// A systemd unit for a cohort that was started so. `command` is the path of this program.
[[nodiscard]] std::string unit_of(const launch_record& what, std::string_view command);

/// A word as systemd takes it in Exec lines: quoted where that is needed, '%' and '$' doubled.
/// Source: systemd.service(5), COMMAND LINES; systemd.unit(5), SPECIFIERS.
[[nodiscard]] std::string quoted_for_unit(std::string_view word);

}  // namespace cohort::cli
