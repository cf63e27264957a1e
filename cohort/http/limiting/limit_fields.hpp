#pragma once

#include <cohort/http/limiting/limit_rule.hpp>
#include <cohort/http/response.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace cohort::http {

/// The header fields that tell clients of their limits.
enum class limit_form : std::uint8_t {
    draft8,  ///< RateLimit-Policy and RateLimit, lists of named policies: drafts 8 to 11.
    draft7,  ///< RateLimit-Policy, and RateLimit with limit=, remaining= and reset=.
    draft6,  ///< RateLimit-Policy, RateLimit-Limit, -Remaining and -Reset.
    legacy,  ///< X-RateLimit-Limit, -Remaining and -Reset; the last as seconds since 1970.
    none,    ///< Nobody is told; Retry-After still comes with 429.
};

/// What a limit counts.
enum class limit_unit : std::uint8_t {
    requests,             ///< So many in a window.
    concurrent_requests,  ///< So many at a time; only draft8 can say so, other forms leave it out.
};

/// One limit and what it made of a request. A value.
struct limit_statement {
    std::string name;
    std::string partition = {};  ///< Bytes that stand for the key; empty: not said.
    limit_rule::measures policy = {};
    limit_ruling ruling = {};
    limit_form form = limit_form::draft8;
    limit_unit unit = limit_unit::requests;
};

/// Whole seconds, rounded up: who waits so long does not come too early. At least 1.
[[nodiscard]] std::uint64_t whole_seconds(std::chrono::nanoseconds span) noexcept;

/// Writes the fields for all limits that a request met, in their order, in place of such fields.
/// Forms that are no lists tell of the limit with the least remaining. Forms use the same names: of
/// several, the latest draft's fields stay.
void write_limit_fields(response& into, std::span<const limit_statement> all,
                        std::int64_t unix_now);

/// 429 with Retry-After, for the limit that refused, with the problem type
/// that the IETF draft names for it. Without the fields of write_limit_fields().
[[nodiscard]] response limit_refusal(const limit_statement& refused);

}  // namespace cohort::http
