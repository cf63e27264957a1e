#pragma once

#include <chrono>

namespace cohort::http::detail {

/// 1 to so many seconds, by chance: who was refused together shall not come back together.
[[nodiscard]] std::chrono::seconds retry_after_by_chance(std::chrono::seconds most) noexcept;

}  // namespace cohort::http::detail
