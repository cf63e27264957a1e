#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/topics/server_event.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// Writes events one by one, for streams that are no topic. A resource of the response.
class event_writer {
public:
    explicit event_writer(body_writer& out) noexcept
        : out_{out}
    {}

    /// Sends one, and waits until the connection can take more. Throws what append_event() does.
    /// Errors, Cancel: as body_writer::write. Lifetime: `what` and its views until it completes.
    [[nodiscard]] awaitable<result<>> send(const server_event& what);
    [[nodiscard]] awaitable<result<>> comment(std::string_view words);

    /// Something is on its way.
    [[nodiscard]] bool writing() const noexcept { return writing_; }
    /// When the connection has last taken something.
    [[nodiscard]] steady_time written() const noexcept { return written_; }

private:
    [[nodiscard]] awaitable<result<>> write(std::string text);

    body_writer& out_;
    std::optional<wakeup> done_ = {};
    bool writing_ = false;
    steady_time written_ = now();
};

using event_producer = std::move_only_function<awaitable<>(event_writer& out)>;

/// No comments: for streams that are never silent for long. Proxies cut silent ones, and nobody
/// notices a client that left without a word.
inline constexpr seconds no_heartbeat{0};

/// Choices for event_stream(). A value.
struct event_stream_options {
    /// A comment is sent when nothing else was for so long, so that no proxy takes the connection
    /// for dead, and we hear of clients that are. A second at least.
    seconds heartbeat{15};
};

/// Server-sent events that `producer` writes; it may be a coroutine lambda with captures. It is
/// cancelled when the client has left.
[[nodiscard]] response event_stream(event_producer producer, event_stream_options how = {});

}  // namespace cohort::http
