#pragma once

#include <cohort/http/request.hpp>

#include <cstddef>
#include <cstdint>

namespace cohort::http {

/// As much of a body as a fingerprint looks at; of the rest, it knows the length.
inline constexpr std::size_t fingerprint_body_bytes = 4096;

/// What requests that are alike have in common: method, route, target, and body. Never 0. Header
/// fields are left out: who sends poison again often changes them.
///
/// Not for secrets or sets that an enemy may fill: whoever wants a collision finds one, and gets a
/// 500 for it. After the router has found the route.
[[nodiscard]] std::uint64_t fingerprint(const request& of) noexcept;

}  // namespace cohort::http
