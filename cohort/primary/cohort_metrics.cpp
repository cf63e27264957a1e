#include <cohort/primary/cohort_metrics.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/version.hpp>
#include <cohort/primary/supervisor.hpp>
#include <cohort/primary/worker_life.hpp>
#include <cohort/process/exit_reason.hpp>

#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

using metrics::across;
using metrics::counter;
using metrics::gauge;

constexpr nanoseconds look_period = 1s;
/// Clocks that are put right bit by bit go wrong by less.
constexpr nanoseconds clock_step_least = 500ms;

std::string_view text_at(const json::object& in, std::string_view key)
{
    const json::value* const found = in.if_contains(json::string_view{key.data(), key.size()});
    return found != nullptr && found->is_string() ? std::string_view{found->get_string()}
                                                  : std::string_view{};
}

std::optional<std::int64_t> number_at(const json::object& in, std::string_view key)
{
    const json::value* const found = in.if_contains(json::string_view{key.data(), key.size()});
    if (found == nullptr || !found->is_number())
        return std::nullopt;
    return found->to_number<std::int64_t>();
}

/// Before anything is set.
cohort_metrics::shared settled_on(const cohort_metrics::shared& memory)
{
    metrics::settle(memory.commons, board::metric_writer::primary);
    return memory;
}

nanoseconds clock_offset(steady_time at)
{
    return wall_now().time_since_epoch() - nanoseconds{at.time_since_epoch()};
}

}  // namespace

cohort_metrics::cohort_metrics(supervisor& of, chronicle& past, const shared& memory)
    : of_{of},
      past_{past},
      shared_{settled_on(memory)},
      wanted_{gauge("cohort_workers_wanted", "Workers that there shall be")},
      ready_{gauge("cohort_workers_ready", "Workers that serve")},
      parked_{
          gauge("cohort_slots_parked", "Slots that were given up: their workers died too often")},
      generation_{gauge("cohort_generation", "Number of the code and settings in force")},
      stages_{gauge("cohort_workers", "Workers, by where they stand", {"stage"})},
      ends_{counter("cohort_worker_ends_total", "Workers that ended, by the cause",
                    {"cause", "signal", "code"})},
      boots_{metrics::histogram(
          "cohort_worker_boot_duration_seconds", "How long workers took until they were up",
          {.buckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}})},
      reloads_{
          counter("cohort_reloads_total", "Reloads and rollbacks, by how they ended", {"outcome"})},
      upgrades_{counter("cohort_upgrades_total", "Upgrades of the primary, by how they ended",
                        {"outcome"})},
      successions_{counter("cohort_primary_successions_total",
                           "Primaries that went on where another had stopped", {"reason"})},
      queues_{gauge("cohort_accept_queue_connections",
                    "Connections that wait to be accepted, by address", {"endpoint"})},
      queue_rooms_{gauge("cohort_accept_queue_limit_connections",
                         "Connections that may wait; more are turned away", {"endpoint"})},
      clock_steps_{counter("cohort_clock_steps_total",
                           "Times that the wall clock was seen to jump by half a second or more")},
      memory_used_{gauge("cohort_shared_memory_used_bytes", "Shared memory that is in use")},
      memory_taken_{gauge("cohort_shared_memory_taken_bytes",
                          "Of the shared memory for the kit, what is given out")},
      memory_limit_{gauge("cohort_worker_memory_limit_bytes",
                          "What limit.memory lets each worker have; 0: there is none")},
      periods_{counter("cohort_cpu_periods_total",
                       "Periods of the processor quota in which anybody ran")},
      throttled_{counter("cohort_cpu_throttled_periods_total",
                         "Of these, in which the quota was used up")},
      stopped_{metrics::time_counter("cohort_cpu_throttled_seconds_total",
                                     "Time that threads were stopped since it was")},
      poison_added_{counter("cohort_quarantine_added_total",
                            "Kinds of requests that ended workers, and are refused for a while")},
      poison_caught_{counter("cohort_quarantine_caught_total",
                             "Requests that were refused since they are like one of those")}
{
    add_fixed();
    past_.on_event([this](const json::object& event) { heard(event); });
    look(now());
}

cohort_metrics::~cohort_metrics()
{
    past_.on_event({});
    // The board may go before this process does.
    metrics::born();
}

/// What is shown from the first scrape on, at zero: what is not there cannot be watched.
void cohort_metrics::add_fixed()
{
    gauge("cohort_build_info", "1; its labels say which build this is", {"version", "commit"},
          {.over = across::most})
        .with(version(), commit())
        .set(1);
    for (const char* each : {"replaced", "unchanged", "rolled_back", "degraded", "half_way"})
        static_cast<void>(reloads_.with(each));
    for (const char* each : {"upgraded", "failed"})
        static_cast<void>(upgrades_.with(each));
    for (const char* each : {"died", "upgraded"})
        static_cast<void>(successions_.with(each));
    gauge("cohort_shared_memory_limit_bytes", "Shared memory that there is for the kit")
        .set(static_cast<double>(board::commons::room));
}

void cohort_metrics::follows(predecessor which)
{
    successions_.with(which == predecessor::dead ? "died" : "upgraded").add();
}

void cohort_metrics::heard(const json::object& event)
{
    const std::string_view what = text_at(event, "event");
    if (what == "stage")
        heard_stage(event);
    else if (what == "end")
        heard_end(event);
    else if (what == "reloaded" || what == "reload_failed")
        reloads_.with(text_at(event, "end")).add();
    else if (what == "upgraded")
        upgrades_.with("upgraded").add();
    else if (what == "upgrade_failed")
        upgrades_.with("failed").add();
}

void cohort_metrics::heard_stage(const json::object& event)
{
    steady_time& booting =
        booting_since_[static_cast<std::uint32_t>(number_at(event, "slot").value_or(0))];
    const std::string_view to = text_at(event, "to");
    if (to == name(stage::booting))
        booting = now();
    if (to != name(stage::serving) || text_at(event, "why") != name(cause::ready))
        return;
    const auto worker = static_cast<std::uint32_t>(number_at(event, "worker").value_or(0));
    const auto known = of_.workers().find(worker);
    if (known != of_.workers().end())
        boots_.record(now() - std::max(booting, known->second->info().born));
}

void cohort_metrics::heard_end(const json::object& event)
{
    const auto signal = number_at(event, "signal");
    const auto code = number_at(event, "code");
    ends_
        .with(text_at(event, "cause"),
              signal ? process::signal_name(static_cast<int>(*signal)) : std::string{},
              code ? fmt::to_string(*code) : std::string{})
        .add();
}

awaitable<> cohort_metrics::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        co_await sleep_for(look_period);
        if (!stopped(stop))
            look(now());
    }
}

void cohort_metrics::look(steady_time at)
{
    static_cast<void>(process_.look(observe::process_usage::now(), at));
    look_at_workers();
    look_at_sockets();
    look_at_clock(at);
    look_at_memory();
    look_at_throttling();
    const board::quarantine::totals poison = shared_.quarantine.total();
    poison_added_.look(poison.added);
    poison_caught_.look(poison.caught);
}

void cohort_metrics::look_at_workers()
{
    constexpr std::size_t stages = std::size_t{1} + std::to_underlying(stage::gone);
    std::array<unsigned, stages> standing{};
    for (const slot_view& each : of_.view())
        ++standing[std::to_underlying(each.now)];
    for (std::size_t i = 0; i + 1 < stages; ++i)
        stages_.with(name(static_cast<stage>(i))).set(standing[i]);
    ready_.set(standing[std::to_underlying(stage::serving)]);
    wanted_.set(of_.wanted());
    parked_.set(of_.parked());
    if (of_.current()) {
        generation_.set(of_.current()->number());
        memory_limit_.set(static_cast<double>(of_.current()->settings().limit.memory_bytes));
    }
}

void cohort_metrics::look_at_sockets()
{
    const auto now = of_.accept_queues();
    for (const auto& [where, queue] : now) {
        auto [known, is_new] = shown_queues_.try_emplace(where, nullptr);
        if (is_new)
            known->second = &queues_.with(where);
        known->second->set(queue.waiting);
        queue_rooms_.with(where).set(queue.room);
    }
    for (const auto& [where, shown] : shown_queues_) {
        if (!now.contains(where))
            shown->set(0);  // it was closed
    }
}

void cohort_metrics::look_at_clock(steady_time at)
{
    const nanoseconds offset = clock_offset(at);
    if (clock_before_ && std::chrono::abs(offset - *clock_before_) >= clock_step_least)
        clock_steps_.add();
    clock_before_ = offset;
}

void cohort_metrics::look_at_memory()
{
    struct stat seen{};
    constexpr double block = 512;  // stat(2)
    if (::fstat(shared_.memory, &seen) == 0)
        memory_used_.set(static_cast<double>(seen.st_blocks) * block);
    memory_taken_.set(static_cast<double>(shared_.commons.taken()));
}

void cohort_metrics::look_at_throttling()
{
    const auto seen = process::read_cpu_throttling();
    if (!seen)
        return;
    periods_.look(seen->periods);
    throttled_.look(seen->throttled);
    if (stopped_before_)
        stopped_.add(seen->stopped - *stopped_before_);
    stopped_before_ = seen->stopped;
}

}  // namespace cohort::primary
