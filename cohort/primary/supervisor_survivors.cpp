// How a supervisor goes on with programs that need not know it, and outlived a dead primary: they
// are the root's children, and have our sockets; we have their pipes.

#include <cohort/primary/supervisor.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/ipc/channel.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/claims.hpp>
#include <cohort/primary/offer.hpp>
#include <cohort/primary/stranger.hpp>
#include <cohort/primary/transcript.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using board::held_number;

namespace {

constexpr nanoseconds orphans_end_within = 1s;  // of one that nobody had asked to leave
constexpr nanoseconds look_for_orphans = 20ms;
constexpr unsigned looks_after_kill = 50;

}  // namespace

board::ledger_program supervisor::program_of(worker_handle& who)
{
    board::ledger_program words;
    process::child* const own = who.process().own();
    if (own == nullptr)
        return words;
    words.ends_before = own->ends_before();
    if (!who.is_stranger())
        return words;
    stranger& of = *who.unknown();
    words.here = true;
    words.has_sockets = of.has_sockets;
    words.pinged = of.pinged;
    words.user = of.user;
    // Right after its birth nobody reads them yet.
    words.out = held_number::of(own->pipes.out.valid() ? own->pipes.out.borrow() : of.out);
    words.err = held_number::of(own->pipes.err.valid() ? own->pipes.err.borrow() : of.err);
    if (of.ear)
        words.ear = held_number::of(of.ear->number());
    return words;
}

result<worker_ptr> supervisor::recover_program(seat& at, const board::ledger_seat& words,
                                               unique_fd pidfd, claims& ours)
{
    const board::ledger_program& held = words.program;
    const config::settings& s = at.of->settings();
    // It never said hello, so nothing was under way on the channel to the dead primary.
    COHORT_TRY(auto ends, ipc::channel::make_pair());
    const readiness signs{s.ready.on.what, s.speaks, s.listen.size()};
    auto to = std::make_shared<stranger>(loop_.get_executor(), signs);
    to->far_end = std::move(ends.second);
    to->user = held.user;
    to->has_sockets = held.has_sockets;
    to->pinged = held.pinged;
    if (words.online)
        static_cast<void>(to->signs.on(evidence::hello));
    if (unique_fd ear = ours.socket(held.ear, SOCK_DGRAM); ear.valid()) {
        if (auto again = process::notify_socket::inherit(loop_.get_executor(), std::move(ear)))
            to->ear.emplace(*std::move(again));
        else
            log::warn("worker {}: {}; what it says is not heard", words.worker_id,
                      again.error().text());
    }
    auto process =
        process::child::of_root(words.worker, std::move(pidfd), held.ends_before, at.group);
    process.pipes.out = ours.pipe(held.out);
    process.pipes.err = ours.pipe(held.err);
    at.inherits = held.has_sockets;
    newborn born{worker_process{std::move(process)}, std::move(ends.first), false, std::move(to)};
    const birth_place where{.id = words.worker_id, .slot = at.slot};
    COHORT_TRY(worker_ptr who, worker_handle::make(loop_.get_executor(), where, std::move(born)));
    begin(who);
    return who;
}

void supervisor::transcribe(const worker_ptr& who)
{
    // Whoever forks by hand reads by hand: cluster::take_pipes().
    if (upkeep_ != upkeep::automatic)
        return;
    process::stdio_pipes pipes = who->process().take_pipes();
    if (pipes.out.valid())
        tasks_.spawn(write_down(who, std::move(pipes.out), false));
    if (pipes.err.valid())
        tasks_.spawn(write_down(who, std::move(pipes.err), true));
}

/// Deadline: none, it may write for as long as it lives, and whoever has inherited its stream.
awaitable<> supervisor::write_down(worker_ptr who, unique_fd from, bool errors)
{
    const std::shared_ptr<stranger> to = who->unknown();
    const writer by{.worker = who->id(), .slot = who->slot()};
    if (to)
        (errors ? to->err : to->out) = from.borrow();
    auto words =
        write_down_output(std::move(from), by, errors ? "stderr" : "stdout", outlet_of(by.slot));
    co_await std::move(words);
    if (!to)
        co_return;
    // The number may mean something else from now on.
    (errors ? to->err : to->out) = -1;
    if (seat* const at = seat_of(*who))
        note(*at);
}

/// What a program has started does not go on without it: behind our sockets, with old code. It is
/// asked to end first, for as long as the program itself had been given, if it was asked to.
awaitable<> supervisor::end_family(worker_ptr who)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    process::child& leader = *who->process().own();
    if (!leader.signal_group(SIGTERM))
        co_return;
    const seat& at = *seats_[who->slot()];
    const nanoseconds patience =
        who->leaving() ? at.of->settings().stop.timeout : orphans_end_within;
    log::info("worker {} has ended, processes that it started have not: they are ended", who->id());
    const auto until = now() + patience;
    while (!stopped(stop) && now() < until && leader.signal_group(0))
        co_await sleep_for(look_for_orphans);
    if (!leader.signal_group(SIGKILL))
        co_return;
    log::warn("processes that worker {} had started did not end in time: killed", who->id());
    for (unsigned i = 0; i < looks_after_kill && !stopped(stop) && leader.signal_group(0); ++i)
        co_await sleep_for(look_for_orphans);
}

}  // namespace cohort::primary
