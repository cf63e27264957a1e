#pragma once

#include <cohort/http/request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// What is known of a resource as it is now. A value; `tag` is a view.
struct resource_state {
    std::string_view tag = {};  ///< As in ETag: "\"v1\"", "W/\"v1\"", or empty.
    std::optional<std::int64_t> modified = std::nullopt;  ///< Seconds since 1970.
};

/// What a request's conditions make of it.
enum class condition_outcome : std::uint8_t {
    met,           ///< Do as asked.
    not_modified,  ///< 304: the client has it already.
    failed,        ///< 412: somebody else was faster.
};

/// If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in the order of RFC 9110
/// section 13.2.2. What is malformed is no condition, but no match either.
[[nodiscard]] condition_outcome weigh(const request& of, const resource_state& now);

/// May the Range field be heeded? Yes without If-Range, or if it names this very state.
/// Source: RFC 9110 section 13.1.5.
[[nodiscard]] bool range_applies(const request& of, const resource_state& now);

/// For handlers that change something: throws refusal 412 if it is not what the client has seen.
void refuse_if_changed(const request& of, const resource_state& now);

/// The same, and 428 (RFC 6585) if the client does not say what it has seen: no update is lost.
void expect_unchanged(const request& of, const resource_state& now);

/// Is `tag` in the list of an If-Match (strong) or If-None-Match (weak) field? "*" is any.
enum class tag_strength : std::uint8_t { strong, weak };
[[nodiscard]] bool tag_listed(std::string_view list, std::string_view tag,
                              tag_strength how) noexcept;

/// A strong tag for these bytes, with its quotation marks: half of their SHA-256.
[[nodiscard]] std::string tag_of(std::string_view bytes);

}  // namespace cohort::http
