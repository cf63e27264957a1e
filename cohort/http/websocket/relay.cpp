#include <cohort/http/websocket/relay.hpp>

#include <cohort/http/websocket/counters.hpp>

#include <utility>

namespace cohort::http {

awaitable<> relay(subscription from, websocket& to)
{
    while (to.is_open()) {
        auto heard = co_await from.next();
        if (!heard) {
            // A drain ends subscriptions too; the socket says 1012 to that by itself.
            if (heard.error().why() == errc::queue_full) {
                ++websocket_counters::here().dropped_slow;
                to.close(close_code::try_again_later, "too slow");
            }
            co_return;
        }
        if (!to.try_send(websocket_message::shared(heard->shared_text())))
            co_return;
    }
}

}  // namespace cohort::http
