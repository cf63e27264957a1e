#pragma once
// From what somebody typed after `run` and `start` to programs that can be started.

#include <cohort/cli/arguments.hpp>
#include <cohort/cli/console.hpp>
#include <cohort/cli/state.hpp>
#include <cohort/cli/verb.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cohort::cli {

/// Flags of `run` and `start`, which are passed on.
[[nodiscard]] std::span<const flag_rule> launch_flags() noexcept;

/// Programs to start, one for each app, or what is wrong. A program that was built with the library
/// supervises itself; any other gets `cohort-primary`.
/// Errors: errc::bad_value, in words for who typed it; errc::malformed, the file is not valid.
[[nodiscard]] result<std::vector<launch_record>> plan_launch(const arguments& args);

/// Whether what was started like this could be started now: its program is there, and its file is
/// valid. Errors: as plan_launch().
[[nodiscard]] result<> can_start(const launch_record& what);

/// Says why there is nothing to start, and how the verb ends.
exit_code refuse_launch(const fault& why, console& out);

/// What an app is called to which nobody gave a name: its program, or the script of an interpreter.
[[nodiscard]] std::string default_name(const std::string& program,
                                       std::span<const std::string> args);

}  // namespace cohort::cli
