#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/client/circuit_breaker.hpp>
#include <cohort/http/client/retry_rule.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace cohort::http {

/// What becomes of an answer that sends us elsewhere. refused: it is the answer. same_origin: GET
/// and HEAD follow it, if it stays with scheme, host and port.
enum class redirects : std::uint8_t { refused, same_origin };

/// How a client works. A value; all of it is bounded. The environment (http_proxy…) is not asked.
struct client_options {
    // Connections.
    std::size_t connections_per_origin = 32;
    std::size_t connections_max = 256;
    std::size_t waiting_max = 1024;  ///< Calls that wait for one, per origin.
    std::size_t origins_max = 256;   ///< Whose circuit breakers are remembered.
    nanoseconds idle = seconds{30};  ///< Less than servers wait, so that they do not close first.

    // Patience.
    nanoseconds connect = seconds{5};      ///< Name, connection and TLS.
    nanoseconds first_byte = seconds{30};  ///< From the request to the head of its answer.
    nanoseconds total = seconds{60};       ///< In all, retries included.

    // Answers.
    std::size_t response_bytes_max = 8 * 1024 * 1024;
    std::size_t head_bytes_max = 16 * 1024;
    http::redirects redirects = http::redirects::refused;
    unsigned redirects_max = 5;

    retry_options retry = {};

    /// Failures are: no connection, no answer in time (of calls that had a second at least), cut
    /// and malformed answers, and 5xx but 501.
    breaker_options breaker = {};

    /// Authorities that https servers must be vouched for by, as a file in PEM. Empty: the
    /// system's.
    std::string ca_file = {};

    std::string user_agent = "cohort";

    /// A header field that tells the server how many milliseconds are left. Empty: none.
    std::string deadline_header = {};

    /// For tests: the clock of circuit breakers.
    steady_time (*clock)() noexcept = &now;
};

/// What a client has done since the start. A value.
struct client_counters {
    std::uint64_t calls = 0;
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
    std::uint64_t timed_out = 0;           ///< Of the failed ones.
    std::uint64_t refused_by_breaker = 0;  ///< Of the failed ones.
    std::uint64_t refused_waiting = 0;     ///< Attempts: too many waited for a connection.
    std::uint64_t too_large = 0;           ///< Of the failed ones.
    std::uint64_t retries = 0;
    std::uint64_t retries_over_budget = 0;  ///< Not made: too many were made already.
    std::uint64_t redirects_followed = 0;
    std::uint64_t connections_opened = 0;
    std::uint64_t connections_reused = 0;
    std::uint64_t connections_stale = 0;  ///< Closed by the server before they were used again.
};

}  // namespace cohort::http
