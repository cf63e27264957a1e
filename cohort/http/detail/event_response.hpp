#pragma once

#include <cohort/http/response.hpp>

#include <utility>

namespace cohort::http::detail {

/// The answer that events are streamed in.
inline response event_response(body_producer producer)
{
    return stream("text/event-stream", std::move(producer))
        .header("Cache-Control", "no-store")
        .header("X-Accel-Buffering", "no");
}

}  // namespace cohort::http::detail
