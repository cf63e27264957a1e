#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::crypto {

/// What is hidden, and where it belongs: opened only with the same words about its place.
struct sealing {
    std::string_view plain;
    std::string_view place = {};  ///< The associated data: authenticated, not hidden, not kept.
};

/// What a sealed text has beyond the plain one.
inline constexpr std::size_t seal_overhead = 16 + 12 + 16;

/// Hides `what` from everybody without `key` (32 bytes, asserted), and shows whether it was
/// changed: salt (16 bytes), nonce (12), ciphertext, tag (16).
///
/// AES-256-GCM under a key of its own for each text, HMAC-SHA-256(key, salt): with random nonces
/// under one key, 2^32 texts are the limit (NIST SP 800-38D, 8.3), and cookies come close in days.
[[nodiscard]] std::string seal(std::string_view key, const sealing& what);

/// The text that was sealed with this key for this place, or nothing.
[[nodiscard]] std::optional<std::string> open(std::string_view key, std::string_view sealed,
                                              std::string_view place = {});

}  // namespace cohort::crypto
