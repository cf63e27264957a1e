#pragma once

#include <string_view>

namespace cohort {

/// Of this build: "0.1.0". Lives as long as the program.
[[nodiscard]] std::string_view version() noexcept;

/// The commit that it was made from: "1a2b3c4d5e6f"; empty: nobody knows. Lives as long.
[[nodiscard]] std::string_view commit() noexcept;

}  // namespace cohort
