#pragma once

#include <cohort/http/websocket/message.hpp>

#include <cstddef>
#include <deque>

namespace cohort::http {

/// What waits to be sent on one socket, bounded in messages and in bytes. A value that is moved.
/// The message on its way counts until it is written.
class outbox {
public:
    outbox(std::size_t messages_max, std::size_t bytes_max) noexcept
        : messages_max_{messages_max}, bytes_max_{bytes_max}
    {}

    /// Could it ever fit?
    [[nodiscard]] bool may_hold(const websocket_message& what) const noexcept
    {
        return messages_max_ != 0 && what.size() <= bytes_max_;
    }

    /// False: no room now, nothing was taken.
    [[nodiscard]] bool push(const websocket_message& what);

    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
    [[nodiscard]] const websocket_message& front() const noexcept { return waiting_.front(); }
    void pop();

    /// Forgets all but the one on its way.
    void keep_first();

    [[nodiscard]] std::size_t messages() const noexcept { return waiting_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    std::deque<websocket_message> waiting_;
    std::size_t bytes_ = 0;
    std::size_t messages_max_;
    std::size_t bytes_max_;
};

}  // namespace cohort::http
