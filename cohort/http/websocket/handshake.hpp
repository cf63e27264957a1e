#pragma once

#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/websocket/deflate_terms.hpp>
#include <cohort/http/websocket/options.hpp>

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// What a handshake has settled. A value.
struct websocket_terms {
    std::string accept;       ///< Sec-WebSocket-Accept.
    std::string subprotocol;  ///< Empty: none.
    std::optional<deflate_terms> deflate;
};

/// Reads the opening handshake (RFC 6455, 4.2). What is returned instead of terms refuses it: 426
/// for who asked for no WebSocket or for another version than 13, 403 for pages of other origins,
/// 400 for a handshake that breaks the rules.
[[nodiscard]] std::expected<websocket_terms, response> agree(const request& of,
                                                             const websocket_options& ours);

/// Is a page of `origin` served by `host`? Compares host and port; a port that its scheme implies
/// may be left out. Not the scheme, since a proxy in front may speak TLS for us.
[[nodiscard]] bool is_same_origin(std::string_view origin, std::string_view host) noexcept;

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
[[nodiscard]] std::string websocket_accept(std::string_view key);

}  // namespace cohort::http
