#pragma once

#include <cohort/http/middleware.hpp>
#include <cohort/http/request.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace cohort::http {

/// The tag that an answer gets whose handler gave it none. strong: a hash of its bytes. weak: the
/// same, but it promises meaning only, for answers that others change on their way. none: only
/// handlers' own.
enum class answer_tag : std::uint8_t { strong, weak, none };

/// Choices for conditional(). A value that is moved.
struct conditional_options {
    answer_tag tag = answer_tag::strong;

    /// Longer bodies get no tag of ours: each byte is hashed, on the event loop.
    std::size_t bytes_max = 1U << 20;

    /// Which tag has what a request is about, now? Asked for methods other than GET and HEAD that
    /// carry If-Match or If-None-Match, before the handler runs. Nothing: it does not exist. Unset:
    /// handlers check themselves, with refuse_if_changed() in http/conditions.hpp.
    std::move_only_function<std::optional<std::string>(const request&) const> current = {};
};

/// Conditional requests: gives answers of GET and HEAD with 200 an ETag, and answers 304 to those
/// who have it already, by ETag or Last-Modified, and 412 where a condition failed. The handler
/// has run by then: this saves the network's work, not its own.
///
/// Put it inside of compression(): the tag is that of the text, and serves all codings.
[[nodiscard]] hooks conditional(conditional_options choices = {});

}  // namespace cohort::http
