#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/http/topics/subscription.hpp>
#include <cohort/http/websocket/websocket.hpp>

namespace cohort::http {

/// Sends what a subscription hears to a socket, until either ends:
///
///     socket.spawn(http::relay(http::topics::here().subscribe("room/7"), socket));
///
/// Texts that are no UTF-8 go as binary messages. A client that is too slow is dropped with 1013,
/// whether its own queue is full or the subscription's. Cancel: total. Lifetime: `to` until it
/// completes; spawn() sees to that.
[[nodiscard]] awaitable<> relay(subscription from, websocket& to);

}  // namespace cohort::http
