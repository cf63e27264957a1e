#pragma once

#include <cohort/base/error.hpp>
#include <cohort/http/topics/position.hpp>
#include <cohort/http/topics/subscription.hpp>

#include <boost/asio/execution_context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cohort::http {

namespace detail {
class topic_store;
}

/// Publish and subscribe, across all workers of the cohort: what one of them publishes, subscribers
/// in all of them hear, without any server beside them.
///
///     http::topics& hub = http::topics::here();
///     hub.publish("room/7", text);
///     auto messages = hub.subscribe("room/7", {.since = last_id});
///
/// The newest messages (8 MiB of them) are kept in memory that outlives workers, primaries and
/// reloads: who comes back in time misses nothing. Messages of one publisher come in the order in
/// which it published them, to everybody.
///
/// Without a cohort (tests, plain programs) it works within the process.
class topics {
public:
    static constexpr std::size_t topic_bytes_max = 255;
    static constexpr std::size_t text_bytes_max = 65'536;

    /// Those of this process.
    [[nodiscard]] static topics& here();

    /// Tells all subscribers of a topic. Never blocks, and does not care whether there are any; so
    /// its answer may be ignored. Any thread.
    /// @param topic  1 to 255 bytes, without "*"
    /// @param text   any bytes, up to 65,536
    /// @return       The message's id.
    /// Errors:       errc::bad_value, errc::too_large: topic, text; errc::queue_full: this process
    ///               gets no processor (again later).
    result<std::uint64_t> publish(std::string_view topic, std::string_view text);

    /// The messages of a topic, or of all that begin with "room/" if it is "room/*". Bad names are
    /// topics where nothing is ever published.
    [[nodiscard]] subscription subscribe(std::string topic, subscribe_options how = {});

    /// The id of the last message there is; who subscribes now hears what comes after it.
    [[nodiscard]] std::uint64_t last() const;

    // For clients, who carry positions from one connection to the next.

    [[nodiscard]] position position_of(std::uint64_t id) const;
    /// The id to be used as `since`; nothing if it is of another life of the application.
    [[nodiscard]] std::optional<std::uint64_t> id_of(const position& where) const;

    /// Of this process, but for the first two. A value.
    struct totals {
        std::uint64_t published = 0;    ///< by the whole cohort
        std::uint64_t abandoned = 0;    ///< of their blocks: given up, since their writer died
        std::uint64_t delivered = 0;    ///< to subscribers
        std::uint64_t dropped = 0;      ///< subscribers who were too slow
        std::uint64_t refused = 0;      ///< subscribers beyond `subscribers_max`
        std::uint64_t missed = 0;       ///< times that a subscriber came too late for some messages
        std::uint64_t subscribers = 0;  ///< now
    };
    [[nodiscard]] totals total() const;
    /// Has anybody in this process asked for them? Until then they take no memory. Any thread.
    [[nodiscard]] static bool in_use() noexcept;

    /// Subscribers that a process has at most; more are refused. Order: before they come.
    void subscribers_max(std::uint64_t most) noexcept;

    /// Ends all subscriptions on this loop, with errc::stopping, and those that begin later: a
    /// worker does that when it drains. Loop: that one.
    void leave(boost::asio::execution_context& loop);

    topics(const topics&) = delete;
    topics& operator=(const topics&) = delete;

private:
    topics();
    ~topics() = default;

    [[nodiscard]] detail::topic_store& store() const;
};

}  // namespace cohort::http
