#pragma once

#include <cohort/http/websocket/detail/websocket_core.hpp>
#include <cohort/http/websocket/websocket.hpp>

#include <memory>
#include <string>

namespace cohort::http::detail {

/// What is said on one socket, and to whom its failures are told. A resource.
struct conversation {
    std::shared_ptr<const websocket_talk> talk;
    websocket::facts about;
    std::string target;  ///< Of the handshake, for the observer.
    const error_observer* observer = nullptr;
};

/// Runs the handler, closes behind it, and returns when the socket is gone.
/// Cancel: total: the handler is cancelled, the socket cut. Lifetime: both until it completes.
[[nodiscard]] awaitable<> converse(websocket_core& core, const conversation& what);

}  // namespace cohort::http::detail
