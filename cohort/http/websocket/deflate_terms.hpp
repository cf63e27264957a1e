#pragma once

#include <cohort/http/websocket/options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http {

/// How one socket compresses, as both sides have agreed. A value.
struct deflate_terms {
    int our_window_bits = 15;    ///< 9 to 15.
    int their_window_bits = 15;  ///< 9 to 15.
    bool we_begin_anew = false;  ///< With each message.
    bool they_begin_anew = false;

    /// "permessage-deflate; …", for Sec-WebSocket-Extensions. Only what the client has to know or
    /// has asked for.
    std::string text = {};
};

/// Picks the first offer in Sec-WebSocket-Extensions that can be met: nothing if there is none, or
/// `ours` is off. Malformed and unknown offers are passed over, as RFC 7692, 5.1 wants it.
[[nodiscard]] std::optional<deflate_terms>
agree_on_deflate(const std::vector<std::string_view>& offered, const websocket_compression& ours);

}  // namespace cohort::http
