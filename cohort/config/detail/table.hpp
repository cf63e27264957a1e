#pragma once
// The rows of the catalogue. Closed to other rooms.

#include <cohort/config/catalogue.hpp>

#include <span>

namespace cohort::config::detail {

[[nodiscard]] std::span<const key> table() noexcept;

}  // namespace cohort::config::detail
