// What a supervisor does when a kept worker, or its keeper, is dead.

#include <cohort/primary/supervisor.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <sys/ioctl.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds wait_for_last_words = 100ms;  // in a dead worker's channel
constexpr nanoseconds watch_again = 50ms;           // after a shortage

/// Bytes that nobody has read yet. A dead worker's end of the channel stays open in the table that
/// it shared: its channel does not end, it only falls silent.
bool is_silent(const ipc::channel& over) noexcept
{
    int waiting = 0;
    return ::ioctl(over.native_handle(), FIONREAD, &waiting) == -1 || waiting == 0;
}

}  // namespace

worker_ptr supervisor::take_twin(seat& at, pid_t pid)
{
    if (at.keeper) {
        auto& list = at.keeper->unnamed;
        const auto found =
            std::ranges::find_if(list, [pid](const auto& each) { return each->info().pid == pid; });
        if (found != list.end()) {
            worker_ptr who = std::move(*found);
            list.erase(found);
            return who;
        }
    }
    for (const auto& [id, each] : workers_) {
        if (each->slot() == at.slot && each->info().pid == pid && !each->dead())
            return each;
    }
    return nullptr;
}

void supervisor::twin_ended(seat& at, const process::keeper_note& what)
{
    at.ends.push_back({take_twin(at, what.pid), what});
    if (!std::exchange(at.burying, true))
        tasks_.spawn(bury_kept(at));
}

awaitable<> supervisor::hear_last_words(worker_ptr who)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const auto until = now() + wait_for_last_words;
    // Twice silent: what was read in between has been delivered then.
    for (unsigned silent = 0; who->connected() && silent < 2 && now() < until && !stopped(stop);) {
        // Slow receivers may have paused it; its confirmations are worth more than their peace.
        who->channel().resume();
        silent = is_silent(who->channel()) ? silent + 1 : 0;
        co_await asio::post(loop_, asio::use_awaitable);
    }
}

awaitable<> supervisor::bury_kept(seat& at)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!at.ends.empty() && !stopped(stop)) {
        const seat::end next = std::move(at.ends.front());
        at.ends.pop_front();
        if (next.who) {
            awaitable<> burial = bury_one(at, next.who, next.how);
            co_await std::move(burial);
        }
        if (next.how.pid == at.last_judged) {
            at.last_judged = 0;
            at.waits = true;
        }
        fill_if_waiting(at);
    }
    at.burying = false;
    changed_.notify_all();
}

awaitable<> supervisor::bury_one(seat& at, worker_ptr who, process::keeper_note how)
{
    co_await hear_last_words(who);
    if (who->connected()) {
        who->channel().close();
        hung_up(who, std::nullopt);
    }
    who->ended(who->process().kept()->reason({how.code, how.status}));
    if (who->id() == 0)
        stillborn(at, who, how);
    else if (how.succeeded == 0)
        buried(who, aftermath::seat_empty);
    else
        buried(who, how.served_well != 0 ? aftermath::served_well : aftermath::succeeded);
}

/// Ends are told as they are seen, which is not always the order in which the seat changed hands:
/// each may have been followed by another one of the dead. What counts then is the keeper's word.
void supervisor::fill_if_waiting(seat& at)
{
    if (at.waits && !at.tenant && at.life && at.life->has_process())
        seat_emptied(at);
}

void supervisor::seat_emptied(seat& at)
{
    board::vacate(board_.row(at.slot));
    dealer_.slot_lost(at.slot);
    if (!at.replaced_when_dead || retiring_) {
        feed(at, cause::died_unwanted);
        return;
    }
    const auto v = at.crashes.on_death({now(), 0ns, killer::itself});
    pauses_[at.slot] = v.pause;
    feed(at, v.what == verdict::deed::park ? cause::died_too_often : cause::died);
}

void supervisor::stillborn(seat& at, const worker_ptr& who, const process::keeper_note& how)
{
    if (how.had_seat == 0)
        return;  // a standby that was not needed, or not lucky: the keeper makes another one
    log::warn("a worker of slot {} (pid {}) ended before it had begun: {}", at.slot, how.pid,
              who->status().words());
    if (how.succeeded == 0 && !at.tenant)
        seat_emptied(at);
}

awaitable<> supervisor::watch_keeper(seat& at, keeper_ptr keeper)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    auto end = co_await keeper->process().exited();
    while (!end && !stopped(stop)) {
        log::warn("cannot watch the keeper of slot {}: {}; trying again", at.slot,
                  end.error().text());
        co_await sleep_for(watch_again);
        end = co_await keeper->process().exited();
    }
    if (!end)
        co_return;
    keeper->finish();
    // The ends that it told last are still being worked off.
    while (at.burying && !stopped(stop))
        co_await changed_.wait();
    if (at.keeper == keeper)
        at.keeper.reset();
    note(at);
    if (!keeper->ends() || at.tenant) {
        log::error("the keeper of slot {} ended: {}", at.slot, end->words());
        keeper_lost(at, keeper);
    } else if (at.life && at.life->has_process()) {
        // The last that we heard was that somebody would follow; the order to hold came between.
        // A slot that an operator keeps empty stays a slot.
        const bool kept_empty = at.life->now() == stage::withdrawing && !retiring_;
        feed(at, kept_empty ? cause::died : cause::died_unwanted);
    }
    remove_idle_groups();
    changed_.notify_all();
}

void supervisor::keeper_lost(seat& at, const keeper_ptr& keeper)
{
    for (const worker_ptr& each : keeper->unnamed)
        static_cast<void>(each->process().signal(SIGKILL));
    // Its worker has seen it, too: it hands its connections over, partly through the slot's inbox,
    // and leaves. Until then it sits nowhere.
    const worker_ptr orphan = std::exchange(at.tenant, nullptr);
    if (orphan)
        tasks_.spawn(watch_orphan(at, orphan, at.journal));
    note(at);
    if (!at.life || !at.life->has_process())
        return;
    if (at.replaced_when_dead && !retiring_) {
        pauses_[at.slot] = 0ns;
        feed(at, cause::died);
    } else {
        feed(at, cause::died_unwanted);
    }
}

// The journal stays until the last who has it is gone.
awaitable<> supervisor::watch_orphan(seat& at, worker_ptr who,
                                     [[maybe_unused]] std::shared_ptr<board::journal> journal)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    // Nobody tells us of its end. Deadline: its own, the stop timeout, which it set at birth.
    asio::posix::stream_descriptor door{loop_};
    if (auto pidfd = duplicate(who->process().kept()->pidfd())) {
        error_code ec;
        door.assign(pidfd->borrow(), ec);
        if (!ec)
            static_cast<void>(pidfd->release());
    }
    if (door.is_open())
        co_await door.async_wait(asio::posix::descriptor_base::wait_read, use_tuple);
    if (stopped(stop))
        co_return;
    co_await hear_last_words(who);
    if (who->connected()) {
        who->channel().close();
        hung_up(who, std::nullopt);
    }
    who->ended(process::exit_reason::unknown());
    // The seat is somebody else's by now, or nobody's for good.
    buried(who, at.vacant() ? aftermath::seat_empty : aftermath::succeeded);
}

void supervisor::forget_if_done(const worker_ptr& who)
{
    if (!who->dead() || who->connected() || !ends_.contains(who->id()))
        return;
    workers_.erase(who->id());
    if (retiring_ && !final_ && empty())
        retiring_ = false;
    close_doors_if_done();
}

}  // namespace cohort::primary
