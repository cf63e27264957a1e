#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cohort::crypto::detail {

/// JOSE writes r and s one after another, 32 bytes each; OpenSSL wants DER. Nothing for any other
/// length, and if one of them is zero (CVE-2022-21449 was that).
[[nodiscard]] std::optional<std::string> der_of_raw(std::string_view raw);

/// The way back, for what OpenSSL just made.
[[nodiscard]] std::string raw_of_der(std::string_view der);

}  // namespace cohort::crypto::detail
