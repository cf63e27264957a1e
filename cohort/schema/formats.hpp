#pragma once

#include <cstdint>
#include <string_view>

namespace cohort::schema {

/// What a text may have to look like, by JSON Schema's names.
enum class format : std::uint8_t {
    any,
    date_time,  ///< RFC 3339, with offset: "2026-11-29T01:11:43Z". Leap seconds at 23:59:60 UTC.
    date,       ///< RFC 3339: "2026-11-29", a day that exists.
    email,      ///< RFC 5321's mailbox without quotes and address literals.
    uuid,       ///< RFC 9562, any version, letters of either case.
    uri,        ///< RFC 3986, absolute: with a scheme.
    ipv4,       ///< Four decimal numbers without leading zeros.
    ipv6,       ///< RFC 4291, 2.2; no zone.
};

/// "date-time", or "" for any.
[[nodiscard]] std::string_view name_of(format which) noexcept;

/// "an email address", for messages.
[[nodiscard]] std::string_view described(format which) noexcept;

/// In time that grows with the text's length and no faster.
[[nodiscard]] bool has_format(std::string_view text, format which) noexcept;

}  // namespace cohort::schema
