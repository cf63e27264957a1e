#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cohort::crypto {

/// Two small digits a byte.
[[nodiscard]] std::string to_hex(std::string_view bytes);

/// Small and capital digits; nothing for anything else, and for an odd number of them.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace cohort::crypto
