#pragma once

#include <cohort/http/limiting/limit_counts.hpp>
#include <cohort/http/limiting/limit_fields.hpp>
#include <cohort/http/limiting/limit_key.hpp>
#include <cohort/http/limiting/limit_rule.hpp>
#include <cohort/http/middleware.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace cohort::http {

/// Which answers do not count: the hit is given back after them.
enum class limit_skip : std::uint8_t {
    nothing,
    failed,      ///< Status 400 and above: downloads, say, by those that came about.
    successful,  ///< Status below 400: logins, say, by those that failed.
};

/// Choices for rate_limit(). A value.
struct rate_limit_options {
    /// Letters, digits, ".", "_" and "-", at most 64. Clients see it. Limits of one name, kind and
    /// size are one limit, in all workers and wherever they stand.
    std::string name;

    std::uint64_t limit = 60;                                    ///< 1 to 1'000'000
    std::chrono::milliseconds window = std::chrono::minutes{1};  ///< one second to 31 days
    std::uint64_t burst = 0;  ///< At once, for gcra; 0: as many as `limit`.
    limit_kind kind = limit_kind::gcra;

    limit_key key = limit_key::address();
    limit_form forms = limit_form::draft8;
    limit_skip skip = limit_skip::nothing;

    /// Keys that are remembered; 16 bytes each, of 96 MiB for everything that workers share. A new
    /// key then takes the place of another, who starts afresh.
    std::size_t keys = 16'384;

    /// Where to count. Null: nowhere.
    std::shared_ptr<limit_counts> counts = nullptr;

    /// CLOCK_MONOTONIC in nanoseconds, for tests. Null: the clock.
    std::uint64_t (*clock)() noexcept = nullptr;
};

/// Refuses (429, Retry-After) requests of a key beyond its limit, before they run, and tells all
/// clients what they have left. Counted once for the whole cohort, in memory that its workers
/// share: it outlives workers, primaries and reloads, and needs no service beside it.
///
/// Several limits combine; a request counts for those further out even if one further in refuses.
///
/// Throws cohort::failure (errc::bad_value) for a name, limit, window or burst out of bounds.
[[nodiscard]] hooks rate_limit(rate_limit_options choices);

}  // namespace cohort::http
