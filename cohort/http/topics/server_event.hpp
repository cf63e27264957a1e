#pragma once

#include <cohort/base/clock.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// One server-sent event, as views. Built for one call.
struct server_event {
    std::string_view data = {};   ///< of any lines
    std::string_view event = {};  ///< its type; empty: "message"
    /// What the client sends as Last-Event-ID when it comes back. An empty text takes back what it
    /// had; nothing leaves it as it is.
    std::optional<std::string_view> id = {};
    std::optional<milliseconds> retry = {};  ///< how long it waits before it comes back
};

/// Appends an event in the form in which it is sent. What has no data, no client hears of; its id
/// and retry count all the same.
///
/// Line ends in `data` (LF, CR, CRLF) begin a new line there, and cannot end the event. Throws
/// cohort::failure (errc::bad_value) if `event` or `id` has a line end, or `id` a NUL.
/// Source: WHATWG HTML, 9.2 server-sent events.
void append_event(std::string& out, const server_event& what);

/// A line that clients ignore: it keeps the connection in use. Line ends in it are spaces.
void append_event_comment(std::string& out, std::string_view text);

}  // namespace cohort::http
