// What a supervisor shows to those who judge living workers, and does for them.

#include <cohort/primary/supervisor.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/board/reading.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/examination.hpp>
#include <cohort/primary/stack_report.hpp>

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

/// Threads that run answer within a millisecond; who does not is not waited for.
constexpr nanoseconds stacks_patience = 300ms;
constexpr std::size_t threads_logged_max = 16;
constexpr std::size_t functions_logged_max = 12;

/// A line for each thread.
void log_stacks(const worker_handle& who, const examination& about)
{
    const auto& threads = about.seen().threads;
    for (std::size_t i = 0; i < threads.size() && i < threads_logged_max; ++i) {
        const std::string path = path_of(threads[i].shown, about.names(), functions_logged_max);
        const log::field more[] = {{"slot", who.slot()},
                                   {"worker", who.id()},
                                   {"thread", threads[i].of.thread},
                                   {"stack", path}};
        log::write(log::level::error,
                   fmt::format("worker {}: {}; {}", who.id(), headline_of(threads[i]),
                               path.empty() ? std::string{"no stack"} : path),
                   more);
    }
    if (threads.size() > threads_logged_max || about.seen().more != 0)
        log::error("worker {} has more threads: `why` shows them", who.id());
}

}  // namespace

std::vector<tenant_view> supervisor::tenants() const
{
    std::vector<tenant_view> list;
    for (const auto& at : seats_) {
        if (!at->tenant || at->tenant->dead() || !at->life || at->life->now() != stage::serving)
            continue;
        tenant_view seen;
        const worker_info info = at->tenant->info();
        seen.slot = at->slot;
        seen.id = info.id;
        seen.pid = info.pid;
        seen.born = info.born;
        seen.of = at->of;
        seen.kept_up = at->replaced_when_dead;
        seen.extra = at->extra;
        // A kept worker's successor may sit there before we have heard of it.
        seen.row =
            board::read(board_.row(at->slot), board::tenant_of(board_.generation(), info.pid));
        if (const board::stack_sheet* const sheet = at->tenant->sheet()) {
            const auto begun = sheet->words().oldest_request_ns.load(std::memory_order_relaxed);
            if (begun != 0 && begun <= now_ns())
                seen.oldest_request = steady_time{nanoseconds{begun}};
        }
        list.push_back(std::move(seen));
    }
    return list;
}

unsigned supervisor::extras() const noexcept
{
    return static_cast<unsigned>(
        std::ranges::count_if(seats_, [](const auto& s) { return s->extra && !s->free(); }));
}

unsigned supervisor::seats_taken() const noexcept
{
    return static_cast<unsigned>(
        std::ranges::count_if(seats_, [](const auto& s) { return !s->extra && !s->vacant(); }));
}

unsigned supervisor::ill() const noexcept
{
    return static_cast<unsigned>(std::ranges::count_if(seats_, [](const auto& s) {
        return s->ill && s->life && s->life->now() != stage::parked && !s->vacant();
    }));
}

bool supervisor::end_ill(std::uint32_t slot, std::uint32_t worker, doom why)
{
    if (slot >= seats_.size())
        return false;
    seat& at = *seats_[slot];
    if (!at.tenant || at.tenant->id() != worker || !at.life || at.life->now() != stage::serving)
        return false;
    if (ill() >= at.of->settings().health.at_once)
        return false;
    if (at.ill)
        return false;
    at.ill = true;
    if (chronicle_ != nullptr)
        chronicle_->note("ill", {{"slot", slot}, {"worker", worker}, {"words", why.words}});
    at.tenant->condemn(std::move(why));
    if (!tasks_.spawn(examine_and_end(at, at.tenant)))
        feed(at, cause::deadline);  // we are about to end
    return true;
}

/// Where it hangs is known only as long as it lives; but nobody waits long for that.
awaitable<> supervisor::examine_and_end(seat& at, worker_ptr who)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const auto about = std::make_shared<examination>();
    awaitable<> look = about->look(who, stacks_patience);
    co_await std::move(look);
    if (at.tenant == who && at.life && at.life->now() == stage::serving)
        feed(at, cause::deadline);
    if (stopped(stop))
        co_return;
    awaitable<> find = about->find_names();
    co_await std::move(find);
    log_stacks(*who, *about);
    if (chronicle_ != nullptr)
        chronicle_->report(who->id(), about->text());
}

result<unique_fd> supervisor::visit(std::uint32_t slot, std::uint32_t worker)
{
    const auto nobody = [slot] {
        return failed(errc::no_such_worker, "visit the worker of slot", std::to_string(slot));
    };
    if (slot >= seats_.size())
        return nobody();
    const seat& at = *seats_[slot];
    if (!at.tenant || at.tenant->id() != worker || at.tenant->is_stranger() || !at.life ||
        at.life->now() != stage::serving)
        return nobody();
    const auto& all = listeners_.all();
    const auto where = std::ranges::find_if(all, [&](const auto& each) {
        return !each.second->datagrams() && listeners_.holds(each.first, worker);
    });
    if (where == all.end())
        return nobody();
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == -1)
        return failed("make a connection to the worker of slot", std::to_string(slot));
    unique_fd ours{ends[0]};
    unique_fd theirs{ends[1]};
    net::handover about;
    about.endpoint = where->first;
    about.from_slot = net::handover::from_primary;
    // Counted from the other end: the dealer does not know it, and deals it to nobody else.
    about.sequence = ~++visits_;
    COHORT_TRY(net::give(at.inbox.give.borrow(), theirs, about));
    return ours;
}

/// With its hello a worker gives the sheet for its stacks. What makes no sense is no reason to be
/// without the worker.
void supervisor::take_sheet(worker_handle& from, ipc::envelope& hello)
{
    if (hello.cargo.empty())
        return;
    auto sheet = board::stack_sheet::attach(std::move(hello.cargo.front()));
    hello.cargo.clear();
    if (!sheet) {
        log::warn("the stacks of worker {} will not be seen: {}; going on", from.id(),
                  sheet.error().text());
        return;
    }
    const seat& at = *seats_[from.slot()];
    const bool ours = at.of && at.of->is_own() && at.of->settings().exec.empty() && !at.plan.exec;
    from.shows_stacks_on(*std::move(sheet),
                         ours ? worker_handle::program::ours : worker_handle::program::another);
}

}  // namespace cohort::primary
