#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/observe/metrics.hpp>
#include <cohort/observe/process_metrics.hpp>
#include <cohort/observe/sampled_count.hpp>
#include <cohort/primary/chronicle.hpp>
#include <cohort/process/cpu_throttling.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace cohort::primary {

class supervisor;

/// Shows as metrics how the cohort fares as a whole: its workers, their ends and births, reloads,
/// what waits in front of its sockets, the processors that it may use. A resource of the primary's
/// loop.
///
/// It counts in a column of the primary's own, where the next primary goes on.
class cohort_metrics {
public:
    /// What all processes share, of a board that outlives this.
    struct shared {
        board::commons commons;
        board::quarantine quarantine;
        int memory;  ///< its descriptor
    };
    [[nodiscard]] static shared on(const board::segment& board) noexcept
    {
        return {.commons = board.commons(),
                .quarantine = board.quarantine(),
                .memory = board.fd().borrow()};
    }

    /// This process counts there from now on, for as long as this lives. All outlive it.
    cohort_metrics(supervisor& of, chronicle& past, const shared& memory);
    cohort_metrics(const cohort_metrics&) = delete;
    cohort_metrics& operator=(const cohort_metrics&) = delete;
    ~cohort_metrics();

    /// Looks once a second, until cancelled. Deadline: none, this is its life.
    [[nodiscard]] awaitable<> run();

    /// This primary follows one that died, or was replaced by an upgrade.
    enum class predecessor : std::uint8_t { dead, upgraded };
    void follows(predecessor which);

private:
    void heard(const boost::json::object& event);
    void heard_stage(const boost::json::object& event);
    void heard_end(const boost::json::object& event);
    void look(steady_time at);
    void look_at_workers();
    void look_at_sockets();
    void look_at_clock(steady_time at);
    void look_at_memory();
    void look_at_throttling();
    void add_fixed();

    supervisor& of_;
    chronicle& past_;
    shared shared_;

    observe::process_metrics process_;
    metrics::gauge_series& wanted_;
    metrics::gauge_series& ready_;
    metrics::gauge_series& parked_;
    metrics::gauge_series& generation_;
    metrics::family<metrics::gauge_series>& stages_;
    metrics::family<metrics::counter_series>& ends_;
    metrics::histogram_series& boots_;
    metrics::family<metrics::counter_series>& reloads_;
    metrics::family<metrics::counter_series>& upgrades_;
    metrics::family<metrics::counter_series>& successions_;
    metrics::family<metrics::gauge_series>& queues_;
    metrics::family<metrics::gauge_series>& queue_rooms_;
    metrics::counter_series& clock_steps_;
    metrics::gauge_series& memory_used_;
    metrics::gauge_series& memory_taken_;
    metrics::gauge_series& memory_limit_;
    metrics::sampled_count periods_;
    metrics::sampled_count throttled_;
    metrics::time_counter_series& stopped_;
    metrics::sampled_count poison_added_;
    metrics::sampled_count poison_caught_;

    std::optional<nanoseconds> stopped_before_;
    std::optional<nanoseconds> clock_before_;             // wall clock - monotonic clock
    std::map<std::uint32_t, steady_time> booting_since_;  // by slot
    std::map<std::string, metrics::gauge_series*> shown_queues_;
};

}  // namespace cohort::primary
