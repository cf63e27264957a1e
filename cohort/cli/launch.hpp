#pragma once
// From what somebody typed after `run` and `start` to programs that can be started.

#include <cohort/cli/arguments.hpp>
#include <cohort/cli/state.hpp>

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

/// A name that an app can have, made of a program's.
[[nodiscard]] std::string app_name_of(const std::string& program);

}  // namespace cohort::cli
