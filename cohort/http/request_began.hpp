#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/request.hpp>

#include <optional>

namespace cohort::http {

/// When a request came to the first middleware that asked; all that ask later hear the same.
/// Attaches it.
steady_time request_began(request& of);

/// The time since then; nothing if nobody asked.
[[nodiscard]] std::optional<nanoseconds> time_since_began(const request& of);

}  // namespace cohort::http
