#pragma once

#include <cohort/http/cookies/signed_cookies.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http::detail {

/// Eight bytes, so that sealed and signed texts of one time have one form.
[[nodiscard]] std::string time_bytes(std::int64_t seconds);
[[nodiscard]] std::int64_t time_of(std::string_view eight_bytes) noexcept;

/// Whether what was issued then still holds. The clocks of our machines may differ by a minute;
/// what comes from further in the future is no clock's fault.
[[nodiscard]] bool holds(std::int64_t issued, const cookie_trust& trust);

}  // namespace cohort::http::detail
