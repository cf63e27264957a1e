#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/limiting/limit_rule.hpp>
#include <cohort/http/limiting/rate_limit.hpp>
#include <cohort/http/limiting/redis_options.hpp>
#include <cohort/http/middleware.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace cohort::http {

/// Counts in a Redis or Valkey server, for limits that several machines share. A resource, made
/// when routes are set up; each worker opens a connection of its own when it first asks.
///
/// A server that does not answer costs one request its time-out; after that nobody asks for a
/// pause, and then one tries. The log has one line when that begins and one when it is over.
/// Loop: one thread.
class redis_limits {
public:
    explicit redis_limits(redis_options where);
    redis_limits(const redis_limits&) = delete;
    redis_limits& operator=(const redis_limits&) = delete;
    ~redis_limits();

    /// One request of that key. Errors: errc::answer_failed, errc::deadline_passed: it cannot be
    /// counted now; errc::cancelled. Cancel: total; it may have been counted.
    [[nodiscard]] awaitable<result<limit_ruling>> hit(limit_rule by, std::string key);

    /// Without the request that was admitted so; nothing changes if it counts no longer. Errors and
    /// Cancel: as hit().
    [[nodiscard]] awaitable<result<>> give_back(limit_rule by, std::string key, limit_ruling hit);

    /// Commands that were sent, for tests and metrics.
    [[nodiscard]] std::uint64_t asked() const noexcept;

    /// There is a connection, as far as is known.
    [[nodiscard]] bool connected() const noexcept;

private:
    struct inner;
    std::unique_ptr<inner> inner_;
};

/// What becomes of requests while nobody can count.
enum class limit_on_failure : std::uint8_t {
    refuse,  ///< 503 with Retry-After.
    allow,   ///< They pass, without limit; put a rate_limit() around it as a second line.
};

/// rate_limit(), counted in Redis: one limit for all machines that use the same server. An onion:
/// routes inside run as coroutines. `keys` and `clock` of `choices` mean nothing here.
///
/// Throws like rate_limit().
[[nodiscard]] onion rate_limit_across(rate_limit_options choices, std::shared_ptr<redis_limits> in,
                                      limit_on_failure on_failure = limit_on_failure::refuse);

}  // namespace cohort::http
