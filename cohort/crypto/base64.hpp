#pragma once
// Bytes as text of 64 characters (RFC 4648), one text for each sequence of bytes: what would have
// been written differently is refused, so that nobody can send one token under two names.

#include <optional>
#include <string>
#include <string_view>

namespace cohort::crypto {

/// The alphabet of URLs and tokens (section 5), without padding.
[[nodiscard]] std::string to_base64url(std::string_view bytes);

/// Nothing for padding, line ends, other characters, or bits that no byte needs.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

/// The usual alphabet (section 4), padded.
[[nodiscard]] std::string to_base64(std::string_view bytes);

/// Padding is required; the rest as above.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace cohort::crypto
