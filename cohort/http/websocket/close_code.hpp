#pragma once

#include <cstdint>
#include <string>

namespace cohort::http {

/// Why a WebSocket was closed. Source: RFC 6455, 7.4.1, and IANA's registry.
enum class close_code : std::uint16_t {
    normal = 1000,
    going_away = 1001,      ///< The page was left.
    protocol_error = 1002,  ///< Bytes that are no WebSocket.
    unsupported_data = 1003,
    no_code = 1005,       ///< Never sent: the other side closed without a code.
    no_handshake = 1006,  ///< Never sent: the connection ended without a word.
    bad_payload = 1007,   ///< Text that is no UTF-8.
    policy = 1008,
    too_large = 1009,  ///< A message longer than is taken here.
    needs_extension = 1010,
    internal_error = 1011,
    service_restart = 1012,  ///< Connect again; a little later, not all at once.
    try_again_later = 1013,  ///< Too slow, or too many.
    bad_gateway = 1014,
};

/// May it be sent? 1000 to 1003, 1007 to 1014, and 3000 to 4999, which are the program's own.
[[nodiscard]] constexpr bool may_be_sent(close_code code) noexcept
{
    const auto number = static_cast<std::uint16_t>(code);
    return (number >= 1000 && number <= 1003) || (number >= 1007 && number <= 1014) ||
           (number >= 3000 && number <= 4999);
}

/// How a WebSocket ended. A value.
class websocket_end {
public:
    enum class side : std::uint8_t { none, us, them, nobody };

    websocket_end() noexcept = default;
    websocket_end(side by, close_code code, std::string reason)
        : by_{by}, code_{code}, reason_{std::move(reason)}
    {}

    /// Who closed. none: it is open. nobody: the connection broke, or a time-out cut it.
    [[nodiscard]] side by() const noexcept { return by_; }
    [[nodiscard]] close_code code() const noexcept { return code_; }

    /// The closing side's words: UTF-8, 123 bytes at most, mostly none.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

private:
    side by_ = side::none;
    close_code code_ = close_code::no_code;
    std::string reason_;
};

}  // namespace cohort::http
