#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cohort::http {

/// Names of query parameters whose values are nobody's business.
[[nodiscard]] std::span<const std::string_view> secret_names() noexcept;

/// `query`, as sent, with "[redacted]" for the values of secret_names() and of `more`. Names are
/// decoded and compared without case; one that cannot be decoded counts as secret, and so does what
/// has no "=" and more than 16 bytes.
[[nodiscard]] std::string redacted_query(std::string_view query,
                                         std::span<const std::string> more = {});

}  // namespace cohort::http
