#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/topics/event_stream.hpp>

#include <cstddef>
#include <string>

namespace cohort::http {

/// How events() serves. A value.
struct event_options {
    /// The type that messages have; empty: "message", which EventSource.onmessage hears.
    std::string event = {};
    /// A comment is sent when nothing else was for so long, so that no proxy takes the connection
    /// for dead, and we hear of clients that are.
    std::chrono::seconds heartbeat{15};
    /// How long clients wait before they come back, unless the worker drains: then they spread over
    /// twice this time.
    milliseconds retry{3000};
    /// What may wait for a client that reads slowly. One more, and its connection is ended; it
    /// comes back and goes on where it was.
    std::size_t messages_max = 256;
    std::size_t bytes_max = 1U << 20;
};

/// Server-sent events: the messages of a topic ("room/7", or "room/*" for all that begin so), for
/// as long as the client stays.
///
///     api.get("/rooms/{id}/events", [](const http::request& r) {
///         return http::events(r, "room/" + r.path<std::string>("id"));
///     });
///
/// The id of each event is a position: a client that comes back with it (Last-Event-ID, which
/// EventSource does by itself), to any worker, gets what it has missed. If some of that is not kept
/// any more, an event of type "missed" says so, with {"at_most":N}, or {} if nobody knows.
/// Texts should be UTF-8. Ends when the worker drains, after saying when to come back.
/// @param topic  Who may read it is decided before: names of clients' choice are not checked here.
[[nodiscard]] response events(const request& of, std::string topic, event_options how = {});

}  // namespace cohort::http
