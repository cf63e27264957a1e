#include <cohort/http/websocket/relay.hpp>

#include <cohort/http/detail/subscriber.hpp>
#include <cohort/http/websocket/counters.hpp>

#include <utility>

namespace cohort::http {

namespace {

class socket_taker final : public detail::taker {
public:
    explicit socket_taker(websocket& to) noexcept
        : to_{to}
    {}

    bool take(const posted& message) noexcept override
    {
        using kind = websocket_message::kind;
        return to_.try_send(websocket_message::checked(
            message.is_utf8() ? kind::text : kind::binary, message.shared_text()));
    }

private:
    websocket& to_;
};

}  // namespace

awaitable<> relay(subscription from, websocket& to)
{
    socket_taker meanwhile{to};
    while (to.is_open()) {
        auto heard = co_await from.inner_->next_until(steady_time::max(), &meanwhile);
        if (!heard) {
            // A drain ends subscriptions too; the socket says 1012 to that by itself.
            if (heard.error().why() == errc::queue_full) {
                ++websocket_counters::here().dropped_slow;
                to.close(close_code::try_again_later, "too slow");
            }
            co_return;
        }
        if (heard->what() == news::kind::message && !meanwhile.take(heard->message()))
            co_return;
    }
}

}  // namespace cohort::http
