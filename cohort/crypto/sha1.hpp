#pragma once

#include <array>
#include <string_view>

namespace cohort::crypto {

/// 20 bytes, for protocols that name it: WebSocket handshakes, Redis scripts. Nothing of ours may
/// depend on its strength. Source: FIPS 180-4.
[[nodiscard]] std::array<char, 20> sha1(std::string_view bytes);

}  // namespace cohort::crypto
