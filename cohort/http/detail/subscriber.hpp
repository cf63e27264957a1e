#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/board/message_ring.hpp>
#include <cohort/http/topics/subscription.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http::detail {

class topic_ear;
class topic_store;

/// "room/*" is meant for all that begins with "room/".
[[nodiscard]] constexpr bool is_prefix(std::string_view topic) noexcept
{
    return topic.ends_with("/*");
}
[[nodiscard]] bool is_meant(std::string_view pattern, std::string_view topic) noexcept;

/// Takes messages where they are delivered: a coroutine that is woken for each costs more than most
/// of what is done with a message.
class taker {
public:
    /// False: no more. Must not change who subscribes.
    [[nodiscard]] virtual bool take(const posted& message) noexcept = 0;

protected:
    ~taker() = default;
};

/// What a subscription has inside. A resource, of one loop; the ear knows where it is.
///
/// It begins by reading the ring itself, from where it was told to, until it has come to where the
/// ear is; from then on the ear gives it what it hears.
class subscriber {
public:
    subscriber(topic_store& store, std::string topic, const subscribe_options& how);
    subscriber(const subscriber&) = delete;
    subscriber& operator=(const subscriber&) = delete;
    ~subscriber();

    [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
    [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }
    [[nodiscard]] std::uint64_t position() const noexcept;
    /// `meanwhile`, if there is one, takes the messages that come while this waits; when it wants
    /// no more, this ends with errc::channel_closed.
    [[nodiscard]] awaitable<result<news>> next_until(steady_time deadline,
                                                     taker* meanwhile = nullptr);
    [[nodiscard]] std::optional<posted> try_next();

    // For the ear.

    void deliver(const posted& message);
    void miss(std::uint64_t count) noexcept;
    void end(errc why) noexcept;

private:
    enum class state : std::uint8_t { news, nothing, unfinished, more };

    [[nodiscard]] result<> join(const asio::any_io_executor& executor);
    [[nodiscard]] state take(std::optional<news>& into);
    [[nodiscard]] bool tell_missed(std::optional<news>& into);
    [[nodiscard]] state read_ring(const topic_ear& ear, std::optional<news>& into);
    [[nodiscard]] std::uint64_t position_of_next(const posted& otherwise) const noexcept;
    void wake() noexcept;

    topic_store& store_;
    std::string topic_;
    std::size_t messages_max_;
    std::size_t bytes_max_;

    std::weak_ptr<topic_ear*> ear_;  // empty before join()
    bool joined_ = false;
    asio::steady_timer* waiting_ = nullptr;  // of who waits in next_until()
    taker* meanwhile_ = nullptr;             // likewise

    std::optional<board::ring_reader> reader_;  // while it reads the ring
    std::uint64_t heard_;                       // everything up to that one
    std::deque<posted> queue_;
    std::size_t bytes_ = 0;
    std::uint64_t missed_ = 0;
    std::uint64_t missed_told_ = 0;
    errc ended_{};
};

}  // namespace cohort::http::detail
