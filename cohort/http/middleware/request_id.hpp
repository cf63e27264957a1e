#pragma once

#include <cohort/http/middleware.hpp>

#include <cstdint>
#include <string>

namespace cohort::http {

/// The name of one request, for logs: `request.attached<cohort::http::request_id>()->text`.
struct request_id {
    std::string text;
};

/// Whose ids to use. ours: always a new one. theirs: the client's X-Request-Id if it is 1 to 128
/// characters of letters, digits and "._-", for services behind a proxy of our own.
enum class request_id_source : std::uint8_t { ours, theirs };

/// Gives every request an id, attached to it and sent back as X-Request-Id.
[[nodiscard]] hooks request_ids(request_id_source from = request_id_source::ours);

}  // namespace cohort::http
