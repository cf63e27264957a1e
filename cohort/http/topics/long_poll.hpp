#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace cohort::http {

/// How long_poll() answers. A value.
struct long_poll_options {
    /// How long a request waits for messages. Less than what proxies on the way allow.
    std::chrono::seconds wait{25};
    /// Messages and bytes of text in one answer, at most; the rest comes with the next request.
    std::size_t messages_max = 100;
    std::size_t bytes_max = 1U << 20;
};

/// A coroutine handler for clients without EventSource: answers as soon as there are messages of
/// that topic ("room/7" or "room/*") after the position in the query parameter `since`.
///
///     api.get("/rooms/{id}/messages", [](const http::request& r) {
///         return http::long_poll(r, "room/" + r.path<std::string>("id"));
///     });
///
///     {"messages":[{"id":"9f86d081-4711","topic":"room/7","data":"…"}],"next":"9f86d081-4712"}
///
/// `next` is what to send as `since` the next time. Without `since` the answer comes at once and
/// has no messages, only `next`: where to begin. 204 when nothing came in time, or the worker
/// drains; its Last-Event-ID is the next `since`. "missed":true when messages between `since` and
/// these are not kept any more. A malformed `since` is refused with 400; one of an earlier life of
/// the application is answered as if there were none, with "missed".
/// Texts that are no UTF-8 have U+FFFD where they are not.
/// Lifetime: `of` until it completes.
[[nodiscard]] awaitable<response> long_poll(const request& of, std::string topic,
                                            long_poll_options how = {});

}  // namespace cohort::http
