#pragma once
// A wakeup (async/wakeup.hpp) costs a timer and a turn of the loop for each message. This costs
// neither: who waits goes on inside the call that has what it waits for.

#include <cohort/async/tokens.hpp>
#include <cohort/http/websocket/detail/completion.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <list>
#include <utility>

namespace cohort::http::detail {

/// Coroutines that wait, in a row. A resource, of one event loop. Like a condition variable: wait
/// in a loop over the condition itself.
class handover {
public:
    explicit handover(boost::asio::io_context& loop) noexcept
        : loop_{loop}
    {}
    handover(const handover&) = delete;
    handover& operator=(const handover&) = delete;
    ~handover() = default;

    /// To be awaited. Completes after a notify, or when the coroutine is cancelled (ask
    /// `stopped()`). Deadline: none of its own. Cancel: total.
    [[nodiscard]] auto wait()
    {
        return boost::asio::async_initiate<const boost::asio::deferred_t, void()>(
            [this](auto handler) { begin(std::move(handler)); }, boost::asio::deferred);
    }

    [[nodiscard]] bool waits() const noexcept { return !waiting_.empty(); }

    /// The first in the row goes on at once, inside this call.
    void resume_one()
    {
        if (waiting_.empty())
            return;
        spare_.splice(spare_.begin(), waiting_, waiting_.begin());
        waiter& first = spare_.front();
        first.waits = false;
        first.then.finish({}, 0);
    }

    /// All go on at the loop's next turn.
    void notify_all()
    {
        while (!waiting_.empty())
            finish_later(waiting_.front());
    }

private:
    struct waiter {
        completion then;
        std::list<waiter>::iterator here;
        bool waits = false;
    };

    template <class Handler>
    void begin(Handler handler)
    {
        if (spare_.empty()) {
            spare_.emplace_front();
            spare_.front().here = spare_.begin();
        }
        waiting_.splice(waiting_.end(), spare_, spare_.begin());
        waiter& me = waiting_.back();
        me.waits = true;
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            // Not at once: whoever cancels may be going through a list of coroutines.
            auto cancel = [this, &me](boost::asio::cancellation_type) {
                if (me.waits)
                    finish_later(me);
            };
            slot.assign(cancel);
        }
        me.then.hold([handler = std::move(handler)](boost::system::error_code,
                                                    std::size_t) mutable { std::move(handler)(); });
    }

    void finish_later(waiter& who)
    {
        who.waits = false;
        std::list<waiter> alone;
        alone.splice(alone.begin(), waiting_, who.here);
        boost::asio::post(
            loop_, [alone = std::move(alone)]() mutable { alone.front().then.finish({}, 0); });
    }

    boost::asio::io_context& loop_;
    std::list<waiter> waiting_;
    std::list<waiter> spare_;  // their memory is for whoever waits next
};

}  // namespace cohort::http::detail
