#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/topics/posted.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cohort::http {

namespace detail {
class subscriber;
}
class websocket;

/// How to subscribe. A value.
struct subscribe_options {
    /// Begin behind the message with this id, with those of it that are kept still. Nothing: with
    /// what is published from now on.
    std::optional<std::uint64_t> since = {};
    /// What may wait for a subscriber who takes it slowly. One more, and it is dropped.
    std::size_t messages_max = 256;
    std::size_t bytes_max = 1U << 20;
};

/// What a subscriber hears next. A value.
class news {
public:
    enum class kind : std::uint8_t {
        message,
        missed,  ///< Some messages before the next one are lost: see subscription::missed().
        quiet,   ///< Nothing came until then.
    };
    explicit news(kind what) noexcept
        : what_{what}
    {}
    explicit news(posted message) noexcept
        : what_{kind::message}, message_{std::move(message)}
    {}
    [[nodiscard]] kind what() const noexcept { return what_; }
    /// what() must be message.
    [[nodiscard]] posted& message() noexcept { return *message_; }

private:
    kind what_;
    std::optional<posted> message_;
};

/// The messages of a topic, one after the other. A resource: it ends when it is destroyed.
///
///     while (auto message = co_await messages.next())
///         use(message->text());
///
/// Loop: the one where next() was awaited first. Lifetime: the loop's.
class subscription {
public:
    explicit subscription(std::unique_ptr<detail::subscriber> inner) noexcept;
    subscription(subscription&& other) noexcept;
    subscription& operator=(subscription&& other) noexcept;
    ~subscription();

    /// Waits for the next message. One waiter at a time.
    ///
    /// Errors:   errc::queue_full, so many waited that it was dropped, or there are too many
    ///           subscribers (reconnect later); errc::stopping, the worker drains: clients should
    ///           come back, to another one; errc::cancelled. All but the last are final.
    /// Cancel:   total. Deadline: none; next_until() has one.
    [[nodiscard]] awaitable<result<posted>> next();

    /// The same until that moment, and it says when messages were lost. Errors, Cancel: as next().
    [[nodiscard]] awaitable<result<news>> next_until(steady_time deadline);

    /// A message that is there already, without waiting.
    [[nodiscard]] std::optional<posted> try_next();

    /// How many messages, of any topic, were overwritten before they could be looked at. An upper
    /// bound: few of them may have been of this topic.
    [[nodiscard]] std::uint64_t missed() const noexcept;
    /// Where to begin (`since`) to go on after what was heard so far.
    [[nodiscard]] std::uint64_t position() const noexcept;
    [[nodiscard]] const std::string& topic() const noexcept;

private:
    friend awaitable<> relay(subscription from, websocket& to);

    std::unique_ptr<detail::subscriber> inner_;
};

}  // namespace cohort::http
