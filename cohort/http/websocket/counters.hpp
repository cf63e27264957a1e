#pragma once

#include <atomic>
#include <cstdint>

namespace cohort::http {

/// What the WebSockets of this process did since its start. A resource; one for each process.
struct websocket_counters {
    using count = std::atomic<std::uint64_t>;

    count open{0};            ///< Now.
    count opened{0};          ///< Handshakes that were accepted.
    count refused{0};         ///< Handshakes that were not,
    count refused_origin{0};  ///< of these because of their origin.
    count messages_in{0};
    count messages_out{0};  ///< Written, not only queued.
    count sends_waited{0};  ///< send() found the queue full, and waited.
    count dropped_slow{0};  ///< Sockets closed because try_send() found the queue full.
    count dropped_dead{0};  ///< Cut: no pong, or nothing taken for a whole round.
    count cut{0};           ///< Closing took too long.
    count broke_rules{0};   ///< Closed with 1002, 1007, 1009, or for too many fragments.
    count handlers_failed{0};

    [[nodiscard]] static websocket_counters& here() noexcept
    {
        static websocket_counters all;
        return all;
    }
};

}  // namespace cohort::http
