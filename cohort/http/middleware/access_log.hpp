#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/requester.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http {

/// One request, as it is logged. Views are valid during the call only; all that came from outside
/// is bounded, and not escaped yet.
struct access_line {
    std::string_view request_id;  ///< Empty without request_ids() further out.
    std::string_view trace_id;    ///< As trace_of() has it; empty: there is none.
    std::string_view span_id;
    std::string_view method;
    std::string_view route;  ///< The pattern; empty for 404.
    std::string_view path;   ///< As sent, without its query.
    std::string_view query;  ///< Redacted; empty if it is not logged.
    unsigned status = 0;
    std::optional<std::uint64_t> bytes;  ///< Of the body; nothing for streams that announce none.
    bool streamed = false;               ///< The body is still to come.
    nanoseconds took{0};                 ///< Until the answer was ready.
    requester client;
    std::string_view user_agent;
    unsigned attempt = 1;
    std::string_view subject = {};  ///< Who it was, if authenticated() knows.
    std::uint64_t suppressed = 0;   ///< Refused requests since the last line that have none.
};

/// What of a query is logged. omitted: nothing. redacted: the values of secret_names() and of
/// `secrets` are not.
enum class logged_query : std::uint8_t { omitted, redacted };

/// Choices for access_log(). A value that is moved.
struct access_log_options {
    logged_query query = logged_query::redacted;

    /// More names of query parameters whose values are not logged.
    std::vector<std::string> secrets = {};

    /// Of answers below 400, one in so many is logged.
    std::uint32_t one_in = 1;

    /// Of answers from 400 to 499, and of 503, which anybody can cause, so many a second and worker
    /// are logged; the next line says how many were not. Other answers of 500 and more always are.
    std::uint32_t refusals_per_second_max = 200;

    /// Longer paths and queries, and longer User-Agents, are cut.
    std::size_t path_bytes_max = 1024;
    std::size_t user_agent_bytes_max = 256;

    /// Where lines go. Unset: the log, as "info", and answers of 500 and more as "warn".
    std::move_only_function<void(const access_line&) const noexcept> write = {};
};

/// Writes one line for each request that comes to a route, 404 and 405 too. Put it outside of what
/// may refuse, and inside of request_ids(), tracing() and trust_proxies(). Streamed answers are
/// logged when they begin, and what is refused before its route is known is not:
/// server_options::on_answered and on_refused tell of those.
[[nodiscard]] hooks access_log(access_log_options choices = {});

/// Note of a route whose requests are not logged unless they fail: checks of health.
struct quiet {};

}  // namespace cohort::http
