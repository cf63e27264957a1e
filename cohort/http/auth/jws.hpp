#pragma once

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace cohort::http {

/// Longer tokens are refused before anybody looks into them.
inline constexpr std::size_t token_bytes_max = 8192;

/// What is wrong with a token. The client is told which one, as these words and no more.
enum class token_mistake : std::uint8_t {
    too_long,
    malformed,  ///< No compact JWS: parts, base64url, JSON, duplicate members.
    header,     ///< crit, jku, x5u, jwk or the like: it wants to say how it is to be checked.
    algorithm,  ///< Not that of a key of ours with this `kid`, or no such key.
    signature,  ///< Nobody with our key signed it.
    claims,     ///< exp is missing, or something is of the wrong type.
    type,       ///< Meant for another use.
    expired,
    not_yet,
    issuer,
    audience,
};

/// "the token has expired".
[[nodiscard]] std::string_view words(token_mistake of) noexcept;

/// A token taken apart, not yet believed. A value; `signed_text` is a view of the token.
struct jws {
    std::string algorithm;
    std::string key_id;  ///< Empty: none.
    std::string type;    ///< Empty: none.
    std::string_view signed_text;
    std::string payload;
    std::string signature;
};

/// Reads the compact form strictly (RFC 7515, section 7.1; RFC 8725): three parts of canonical
/// base64url without padding, a header that is one JSON object with each member once, no part of
/// it that tells us where keys are, and no compression. Trusts nothing.
[[nodiscard]] std::expected<jws, token_mistake> read_jws(std::string_view token);

/// The first two parts: what is signed.
[[nodiscard]] std::string jws_signed_text(const boost::json::object& header,
                                          std::string_view payload);

}  // namespace cohort::http
