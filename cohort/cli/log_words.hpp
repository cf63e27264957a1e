#pragma once

#include <string>
#include <string_view>

namespace cohort::cli {

/// A line of a log as people read it: time, level, message, and the other fields after it.
[[nodiscard]] std::string readable(std::string_view line);

}  // namespace cohort::cli
