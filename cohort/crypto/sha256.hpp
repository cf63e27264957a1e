#pragma once
// SHA-256 and what is made of it: a code that needs a key, and keys made of other keys.

#include <cohort/crypto/digest.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace cohort::crypto {

/// Source: FIPS 180-4.
[[nodiscard]] digest sha256(std::string_view bytes);

/// A code that only who has `key` can make. Compare codes by constant_time_equal().
/// Source: RFC 2104.
[[nodiscard]] digest hmac_sha256(std::string_view key, std::string_view bytes);

/// What a key is derived from. A struct, since all three are text.
struct derivation {
    std::string_view secret;
    std::string_view salt = {};  ///< May be empty.
    std::string_view purpose;    ///< The RFC's "info": other words, an unrelated key.
};

/// `count` bytes, 8160 at most, asserted. Source: RFC 5869.
[[nodiscard]] std::string hkdf_sha256(const derivation& from, std::size_t count = 32);

}  // namespace cohort::crypto
