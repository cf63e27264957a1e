#pragma once

#include <cstdint>
#include <string_view>

namespace cohort::http {

/// 100 to 599; a number and not an enumeration, because programs make up their own.
using status_code = std::uint16_t;

/// "Not Found"; for a number that no RFC names, the word for its class ("Client Error").
[[nodiscard]] std::string_view reason(status_code status) noexcept;

/// "HTTP/1.1 404 Not Found\r\n", ready made; empty for a number that no RFC names.
[[nodiscard]] std::string_view status_line(status_code status) noexcept;

/// True if an answer with this status never has a body: 1xx, 204 and 304.
[[nodiscard]] constexpr bool bodiless(status_code status) noexcept
{
    return status < 200 || status == 204 || status == 304;
}

}  // namespace cohort::http
