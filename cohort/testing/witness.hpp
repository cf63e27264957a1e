#pragma once
// The client that cannot hide a lost request.
//
// Load tools do: they retry on their own, drop what never came, or count a cut body as an answer.
// The witness numbers every request, checks every byte of every answer, and gives every request
// that it planned exactly one outcome.

#include <cohort/base/error.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/testing/witness_report.hpp>
#include <cohort/testing/witness_schedule.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cohort::testing {

/// Whom a witness asks, what, and how fast. A value.
struct witness_plan {
    /// tcp or Unix.
    net::endpoint server;

    std::uint32_t connections = 64;

    /// Open loop: so many items a second, on a fixed schedule, whatever the server does; latency
    /// counts from the planned moment. 0: closed loop, each connection asks as soon as it may.
    double rate = 0;

    nanoseconds duration = seconds{10};

    /// From the moment a connection has a request to the end of its answer.
    nanoseconds timeout = seconds{10};

    /// What is asked. Its seed makes the run repeatable.
    witness_schedule::plan asks = {};

    /// Not empty: every request is for this path, which any server can answer; the first answer is
    /// what the others have to be. `asks` says with which verbs, when and in what bursts.
    std::string plain_target = {};

    /// Asked at the end for what the server counted: see ask_witness_counts(). Nothing: no
    /// comparison is made.
    std::function<result<witness_counts>()> counts = {};
};

/// A load that tells the truth about what became of it. A resource, of one thread; it has a loop of
/// its own and blocks.
///
///     cohort::testing::witness_plan plan;
///     plan.server = net::endpoint::parse("127.0.0.1:8080").value();
///     plan.asks.mix = cohort::testing::witness_mix::everything();
///     auto witness = cohort::testing::witness::make(plan).value();
///     while (witness.run_for(100ms)) {
///         witness.mark(now());
///         kill_somebody();
///     }
///     CHECK_MESSAGE(witness.report().good(), witness.report().text());
///
/// The server needs the paths of witness_api (witness_api.hpp), unless the plan is plain.
class witness {
public:
    /// Errors: errc::bad_value, a plan without connections, weights or time; EMFILE.
    [[nodiscard]] static result<witness> make(witness_plan plan);

    witness(witness&&) noexcept;
    witness& operator=(witness&&) noexcept;
    witness(const witness&) = delete;
    witness& operator=(const witness&) = delete;
    ~witness();

    /// Goes on for so long. The first call starts the clock. False: everything has its outcome,
    /// and the report is final.
    bool run_for(nanoseconds budget);

    /// Goes on until what is on its way now has its outcome. False: as run_for().
    bool run_past_now();

    /// Goes on to the end.
    const witness_report& run();

    /// Asks nothing new from now on. An open loop's plan ends here, too.
    void stop();

    /// Announces a death: the report will say how long it took from `at` to the end of the next
    /// answer to a request sent after it. With `slot`, to the next answer of that slot.
    void mark(steady_time at, std::optional<std::uint32_t> slot = std::nullopt);

    /// Looks at another descriptor as well, and calls back while it is readable. -1: no longer.
    void watch(int descriptor, std::function<void()> readable);

    /// What was seen so far; final when run_for() has returned false.
    [[nodiscard]] const witness_report& report() const noexcept;

private:
    struct state;
    explicit witness(std::unique_ptr<state> of) noexcept;
    std::unique_ptr<state> state_;
};

}  // namespace cohort::testing
