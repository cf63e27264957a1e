#include <cohort/ipc/call.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/base/try.hpp>

#include <utility>

namespace cohort::ipc {

calls::~calls() { COHORT_ASSERT(pending_.empty()); }

awaitable<result<envelope>> calls::ask(envelope request, nanoseconds budget)
{
    if (pending_.size() >= pending_max_)
        co_return failed(errc::queue_full, "call", "too many calls wait for an answer");

    const std::uint64_t correlation = next_++;
    request.flags |= flags::request;
    request.correlation = correlation;
    pending_.emplace(correlation, std::make_unique<waiting>(executor_));
    auto work = wait_for(correlation, std::move(request));
    auto outcome = co_await with_deadline(std::move(work), budget);
    pending_.erase(correlation);
    co_return std::move(outcome);
}

awaitable<result<envelope>> calls::wait_for(std::uint64_t correlation, envelope request)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    // Its frame ends before ask() erases the entry, so the reference holds.
    waiting& mine = *pending_.at(correlation);

    // Queued is enough: the answer says more than the kernel could. Many calls of one turn then
    // leave in one write.
    const auto queued = channel_.try_send(request);
    if (!queued && queued.error().why() != errc::queue_full)
        co_return std::unexpected(queued.error());
    if (!queued) {
        COHORT_CO_TRY(co_await channel_.send(std::move(request)));
    }

    while (!mine.outcome) {
        if (stopped(stop))
            co_return failed(errc::cancelled, "call");
        co_await mine.settled.wait();
    }
    co_return *std::move(mine.outcome);
}

void calls::settle(envelope&& answer)
{
    const auto at = pending_.find(answer.correlation);
    if (at == pending_.end() || at->second->outcome) {
        ++late_;
        return;
    }
    at->second->outcome.emplace(std::move(answer));
    at->second->settled.notify_all();
}

void calls::fail_all(const fault& why)
{
    for (auto& [correlation, call] : pending_) {
        if (call->outcome)
            continue;
        call->outcome.emplace(std::unexpected(why));
        call->settled.notify_all();
    }
}

}  // namespace cohort::ipc
