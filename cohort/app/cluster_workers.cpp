// What a cluster does with its workers.

#include <cohort/app/cluster.hpp>

#include <cohort/app/cluster_parts.hpp>
#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/base/try.hpp>

#include <algorithm>
#include <utility>

namespace cohort {

namespace {

using primary::supervisor;

constexpr nanoseconds kill_slack = seconds{10};  // for the kernel to end what we killed

/// Until this worker's end is known. Errors: errc::no_such_worker.
task<result<>> until_ended(supervisor& workers, std::uint32_t id)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (workers.end_of(id) == nullptr) {
        if (!workers.workers().contains(id))
            co_return failed(errc::no_such_worker, "wait for worker", std::to_string(id));
        if (stopped(stop))
            co_return failed(errc::cancelled, "wait for worker", std::to_string(id));
        co_await workers.change();
    }
    co_return result<>{};
}

}  // namespace

asio::io_context& cluster::loop() noexcept
{
    COHORT_ASSERT(parts_->primary != nullptr);
    return parts_->primary->loop();
}

result<worker_info> cluster::fork(fork_options options)
{
    COHORT_TRY(auto* const workers, parts_->workers());
    supervisor::request what;
    what.plan.env = std::move(options.env);
    what.plan.exec = std::move(options.exec);
    what.plan.args = std::move(options.args);
    what.plan.extra_descriptors = std::move(options.extra_descriptors);
    what.slot = options.slot;
    return workers->add(std::move(what));
}

std::vector<worker_info> cluster::workers() const
{
    std::vector<worker_info> all;
    if (const auto workers = parts_->workers()) {
        for (const auto& [id, each] : (*workers)->workers())
            all.push_back(each->info());
    }
    return all;
}

std::optional<worker_info> cluster::worker(std::uint32_t id) const
{
    const auto all = workers();
    const auto at = std::ranges::find(all, id, &worker_info::id);
    if (at == all.end())
        return std::nullopt;
    return *at;
}

process::stdio_pipes cluster::take_pipes(std::uint32_t id)
{
    const auto workers = parts_->workers();
    if (!workers)
        return {};
    const auto at = (*workers)->workers().find(id);
    if (at == (*workers)->workers().end())
        return {};
    return at->second->process().take_pipes();
}

bool cluster::is_connected(std::uint32_t id) const
{
    const auto seen = worker(id);
    return seen && seen->connected;
}

bool cluster::is_dead(std::uint32_t id) const
{
    const auto workers = parts_->workers();
    return workers && (*workers)->end_of(id) != nullptr;
}

task<result<>> cluster::send(std::uint32_t id, message what, nanoseconds deadline)
{
    COHORT_CO_TRY(auto* const workers, parts_->workers());
    co_return co_await workers->post().send(id, std::move(what), deadline);
}

result<> cluster::try_send(std::uint32_t id, message& what)
{
    COHORT_TRY(auto* const workers, parts_->workers());
    return workers->post().try_send(id, what);
}

task<result<>> cluster::broadcast(message what, nanoseconds deadline)
{
    COHORT_CO_TRY(auto* const workers, parts_->workers());
    co_return co_await workers->post().broadcast(std::move(what), deadline);
}

task<result<message>> cluster::request(std::uint32_t id, message what, nanoseconds deadline)
{
    COHORT_CO_TRY(auto* const workers, parts_->workers());
    co_return co_await workers->post().request(id, std::move(what), deadline);
}

result<> cluster::disconnect(std::uint32_t id)
{
    COHORT_TRY(auto* const workers, parts_->workers());
    // Twice, or after its end: the wish is fulfilled already.
    if (workers->end_of(id) != nullptr)
        return {};
    return workers->retire(id);
}

task<drain_report> cluster::disconnect(nanoseconds deadline)
{
    drain_report report;
    const auto workers = parts_->workers();
    if (!workers)
        co_return report;
    supervisor& all = **workers;
    std::vector<std::uint32_t> ids;
    for (const auto& [id, each] : all.workers())
        ids.push_back(id);
    static_cast<void>(all.take_forced());
    all.retire_all(deadline, cohort::primary::finality::until_empty);
    for (const std::uint32_t id : ids) {
        auto work = until_ended(all, id);
        static_cast<void>(co_await with_deadline(std::move(work), deadline + kill_slack));
    }
    report.forced = all.take_forced();
    for (const std::uint32_t id : ids) {
        if (std::ranges::find(report.forced, id) == report.forced.end())
            report.left.push_back(id);
    }
    co_return report;
}

result<> cluster::kill(std::uint32_t id, int signal)
{
    COHORT_TRY(auto* const workers, parts_->workers());
    return workers->kill(id, signal);
}

task<result<exit_status>> cluster::exited(std::uint32_t id, nanoseconds deadline)
{
    COHORT_CO_TRY(auto* const workers, parts_->workers());
    auto work = until_ended(*workers, id);
    COHORT_CO_TRY(co_await with_deadline(std::move(work), deadline));
    co_return *workers->end_of(id);
}

result<> cluster::scale(unsigned wanted)
{
    COHORT_TRY(auto* const workers, parts_->workers());
    return workers->set_number(config::worker_count::exactly(wanted));
}

result<> cluster::revive(std::uint32_t slot)
{
    COHORT_TRY(auto* const workers, parts_->workers());
    return workers->revive(slot);
}

void cluster::stop()
{
    if (parts_->primary)
        parts_->primary->stop("the program itself");
}

}  // namespace cohort
