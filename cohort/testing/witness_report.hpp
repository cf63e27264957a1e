#pragma once
// What a witness saw. Nothing is left out: every request planned has one outcome.

#include <cohort/base/clock.hpp>
#include <cohort/testing/witness_schedule.hpp>

#include <boost/json/object.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::testing {

/// What became of one request.
enum class witness_outcome : std::uint8_t {
    ok,                     ///< 200, the echoed number, and the right body, byte for byte.
    answered_500,           ///< 500 for one that must not run twice. Honest, hence no failure.
    wrong_body,             ///< Bytes that are not its answer: body, number or head.
    status,                 ///< Another status.
    refused,                ///< No connection.
    reset_before_complete,  ///< Reset before all of the request was sent.
    reset_after,            ///< Reset behind it, without a byte of the answer.
    eof,                    ///< The connection's clean end instead of an answer.
    truncated,              ///< The connection's end, clean or not, within the answer.
    timed_out,              ///< No whole answer in time.
    unsent,                 ///< Planned, and never sent.
};
inline constexpr std::size_t witness_outcomes = 11;

/// "ok", "reset_before_complete": as in tables and JSON.
[[nodiscard]] std::string_view name(witness_outcome what) noexcept;

[[nodiscard]] constexpr bool is_failure(witness_outcome what) noexcept
{
    return what != witness_outcome::ok && what != witness_outcome::answered_500;
}

/// Durations in buckets of 3 % width. A value.
class latency_histogram {
public:
    void add(nanoseconds took) noexcept;
    void add(const latency_histogram& other) noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] nanoseconds max() const noexcept { return nanoseconds{max_}; }
    /// At most 3 % above the true one. `share`: 0.5 is the median. 0 if there is none.
    [[nodiscard]] nanoseconds quantile(double share) const noexcept;

private:
    static constexpr std::size_t per_doubling = 32;
    static constexpr std::size_t doublings = 40;
    std::array<std::uint64_t, per_doubling * doublings> buckets_{};
    std::uint64_t count_ = 0;
    std::int64_t max_ = 0;
};

/// What the server counted itself, over all its processes.
struct witness_counts {
    std::uint64_t first_runs = 0;  ///< Handlers begun with attempt 1.
    std::uint64_t later_runs = 0;  ///< Begun with a higher one.
    std::uint64_t ended = 0;       ///< Handlers that made their answer.
    std::uint64_t repeated = 0;    ///< POSTs begun for the second time. Must be 0.
    std::uint64_t wrong = 0;       ///< Bodies of requests that did not arrive as sent. Must be 0.
};

/// A death that was announced, and what came after it.
struct witness_mark {
    steady_time at{};
    std::optional<std::uint32_t> slot;       ///< Only answers of this slot count. Nothing: of any.
    std::optional<nanoseconds> next_answer;  ///< To the end of the next answer of a request sent
                                             ///< after `at`.
};

/// One that failed, for people.
struct witness_failure {
    std::uint64_t number = 0;
    witness_kind kind = witness_kind::get;
    witness_outcome what = witness_outcome::ok;
    std::uint32_t connection = 0;
    nanoseconds planned{0};  ///< From the start.
    nanoseconds took{0};
    std::string detail;
};

/// What a run comes to. A value.
struct witness_report {
    std::uint64_t seed = 0;
    std::uint64_t planned = 0;
    std::uint64_t sent = 0;  ///< Requests of which at least one byte was given to a connection.
    nanoseconds lasted{0};
    std::array<std::array<std::uint64_t, witness_outcomes>, witness_kinds> outcomes{};
    std::array<latency_histogram, witness_kinds> latencies{};  ///< Of those that were answered ok.

    std::uint64_t connects = 0;     ///< Connections made.
    std::uint64_t idle_closes = 0;  ///< Ended by the server while nothing was asked. No failure.
    std::uint64_t said_close = 0;   ///< Answers with "Connection: close".
    std::uint64_t stray_bytes = 0;  ///< Came though nothing was asked. A failure.
    std::uint64_t replayed = 0;     ///< Answers that say they are not of the first attempt.
    std::uint32_t attempts_max = 0;

    std::vector<witness_mark> marks;
    std::vector<witness_failure> failures;  ///< The first 50.

    std::optional<witness_counts> server;
    bool counts_wanted = false;  ///< The server was to be asked for its counts.

    [[nodiscard]] std::uint64_t count(witness_outcome what) const noexcept;
    [[nodiscard]] std::uint64_t count(witness_kind kind, witness_outcome what) const noexcept
    {
        return outcomes[static_cast<std::size_t>(kind)][static_cast<std::size_t>(what)];
    }
    /// Requests with an outcome that is a failure.
    [[nodiscard]] std::uint64_t failed() const noexcept;
    /// Has every request planned one outcome?
    [[nodiscard]] bool adds_up() const noexcept;
    /// Nothing: the server's counts agree with what was seen, or there are none.
    [[nodiscard]] std::optional<std::string> disagreement() const;
    /// Adds up, agrees with the server, no failure, no stray byte.
    [[nodiscard]] bool good() const;

    [[nodiscard]] latency_histogram latency() const noexcept;

    /// A table for people.
    [[nodiscard]] std::string text() const;
    /// The same for programs; durations in nanoseconds.
    [[nodiscard]] boost::json::object json() const;
};

}  // namespace cohort::testing
