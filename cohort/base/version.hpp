#pragma once

#include <string_view>

namespace cohort {

/// Of this build: "0.1.0". Lives as long as the program.
[[nodiscard]] std::string_view version() noexcept;

}  // namespace cohort
