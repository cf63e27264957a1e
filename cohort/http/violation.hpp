#pragma once

#include <cohort/http/status.hpp>

#include <cstdint>
#include <string_view>

namespace cohort::http {

/// Why bytes from the wire were refused. A value; its texts live for ever.
///
/// After a violation nothing on the connection can be trusted to begin where it seems to: answer
/// with `status`, then close.
struct violation {
    status_code status = 0;  ///< 400, 413, 414, 417, 421, 429, 431, 501 or 505; 0: none.
    std::string_view rule;   ///< Stable, for counting: "http.field.name-space".
    std::string_view words;  ///< For people: one clause, no full stop.
};

/// Where an incremental parser stands.
enum class parse_status : std::uint8_t { need_more, done, refused };

}  // namespace cohort::http
