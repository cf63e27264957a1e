#pragma once

#include <cohort/base/error.hpp>
#include <cohort/cli/state.hpp>

#include <string>

namespace cohort::cli {

/// What a program said to --check. A value.
struct checked {
    int exit_code = 0;
    std::string words;
};

/// Runs it with --check before its other flags, and hears what it says. Deadline: 30 s.
/// Errors: those of process::spawn; errc::deadline_passed.
[[nodiscard]] result<checked> check_program(const launch_record& what);

}  // namespace cohort::cli
