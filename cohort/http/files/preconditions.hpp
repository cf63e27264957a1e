#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

class request;

/// What identifies one state of a resource. A value.
struct validators {
    std::string etag;  ///< As sent: "\"…\"", or "W/\"…\"".

    /// Seconds since 1970. Nothing: not known, or not to be relied on.
    std::optional<std::int64_t> modified = {};
};

/// What If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since ask for.
enum class precondition : std::uint8_t {
    holds,         ///< Answer as if they were not there.
    not_modified,  ///< 304.
    failed,        ///< 412.
};

/// Does `list` ("*", or entity tags) have one that equals `etag`? Strong: both are strong. Weak:
/// the "W/" is not looked at. Source: RFC 9110, 8.8.3.2.
enum class tag_comparison : std::uint8_t { strong, weak };
[[nodiscard]] bool has_tag(std::string_view list, std::string_view etag,
                           tag_comparison how) noexcept;

/// For a resource that exists. Source: RFC 9110, 13.2.2, in its order.
[[nodiscard]] precondition check_preconditions(const request& of, const validators& is);

/// May the Range field be heeded? Yes without If-Range, or if it names this very state.
/// Source: RFC 9110, 13.1.5.
[[nodiscard]] bool range_applies(const request& of, const validators& is);

}  // namespace cohort::http
