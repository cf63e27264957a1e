// What workers say to a supervisor, and how it learns of their ends.

#include <cohort/primary/supervisor.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/backoff.hpp>
#include <cohort/base/try.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/shortage.hpp>
#include <cohort/primary/stranger.hpp>

#include <boost/asio/post.hpp>

#include <csignal>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

/// Death closes the channel; its last words are read before that is seen. Not for ever: a program
/// may have given the descriptor to a child of its own.
constexpr nanoseconds wait_for_last_words = 100ms;

constexpr nanoseconds watch_again = 50ms;  // after a shortage

/// Shorter than the worker's own patience with us: it hears why.
constexpr nanoseconds listen_patience = 25s;

void refuse(worker_handle& asker, ipc::envelope& reply, const fault& why)
{
    reply.flags |= ipc::flags::refusal;
    reply.body = ipc::encode(why);
    static_cast<void>(asker.channel().try_send(reply));
}

void log_end(const worker_handle& who, const finding& why)
{
    const bool as_wished = who.leaving() && who.status().success();
    const worker_info seen = who.info();
    const std::string words = who.status().words();
    const log::field more[] = {
        {"slot", seen.slot}, {"worker", seen.id}, {"reason", words}, {"cause", name(why.cause)}};
    log::write(as_wished ? log::level::info : log::level::warn,
               fmt::format("Worker {} (pid {}) ended: {}", seen.id, seen.pid, words), more);
}

killer killer_of(const worker_handle& who)
{
    const exit_status how = who.status();
    // The kernel's own killer is another matter: it comes because of what the program does.
    if (how.signal() == SIGKILL && !how.for_memory())
        return killer::outside;
    return who.leaving() || how.signal() == SIGTERM ? killer::unclear : killer::itself;
}

nanoseconds served_by(const worker_handle& who, const board::slot& row)
{
    stages_reached how;
    how.online = who.online_since();
    how.listening = who.listening_since();
    // An endpoint of its own, it does not tell us about; what it did there, the row says, if it is
    // not a successor's already.
    const auto tenant = board::pid_of(row.tenant.load(std::memory_order_acquire));
    if (!how.listening && tenant == who.info().pid &&
        row.connections_total.load(std::memory_order_relaxed) != 0)
        how.listening = how.online;
    const exit_status end = who.status();
    const bool by_will =
        end.success() || end.signal() == SIGTERM || killer_of(who) == killer::outside;
    return time_served(how, now(), by_will ? ending::well : ending::badly);
}

}  // namespace

void supervisor::arrived(const worker_ptr& from, ipc::envelope&& what) noexcept
{
    const bool ours =
        static_cast<ipc::kind>(what.kind) != ipc::kind::user && !what.is(ipc::flags::answer);
    if (ours)
        control(from, std::move(what));
    else
        post_.arrived(from, std::move(what));
}

void supervisor::control(const worker_ptr& from, ipc::envelope&& what)
{
    const auto nonsense = [&](const fault& why) {
        log::error("worker {} made no sense ({}); ignored", from->id(), why.text());
    };
    switch (static_cast<ipc::kind>(what.kind)) {
        case ipc::kind::hello:
            take_sheet(*from, what);
            if (const auto words = ipc::decode<ipc::hello>(what.body); !words)
                nonsense(words.error());
            else if (from->id() == 0)
                twin_named(from, *words);
            else if (from->is_recovered())
                said_hello_again(from, *words);
            else
                hello(from);
            break;
        case ipc::kind::listen:
            listen(from, std::move(what));
            break;
        case ipc::kind::unlisten:
            if (const auto words = ipc::decode<ipc::unlisten>(what.body)) {
                listeners_.leave(from->id(), words->endpoint);
                const auto& all = listeners_.all();
                const auto at = all.find(words->endpoint);
                if (at != all.end() && at->second->by_slot.contains(from->slot()))
                    dealer_.add(words->endpoint, at->second->by_slot.at(from->slot()).borrow());
            } else {
                nonsense(words.error());
            }
            break;
        case ipc::kind::taken:
            if (const auto sequences = ipc::decode_taken(what.body))
                dealer_.taken(from->slot(), *sequences);
            else
                nonsense(sequences.error());
            break;
        case ipc::kind::refused:
            if (const auto words = ipc::decode<ipc::refused>(what.body))
                dealer_.refused(from->slot(), words->sequences);
            else
                nonsense(words.error());
            break;
        case ipc::kind::stray:
            if (const auto words = ipc::decode<ipc::unlisten>(what.body);
                words && what.cargo.size() == 1)
                dealer_.stray(words->endpoint, std::move(what.cargo.front()));
            break;
        case ipc::kind::leaving:
            from->says_leaving();
            if (seat* const at = seat_of(*from)) {
                feed(*at, cause::leave_announced);
                note(*at);
                // It has confirmed all that it took before it said so; the rest is for others.
                dealer_.slot_lost(at->slot);
            }
            close_doors_if_done();
            break;
        case ipc::kind::farewell:
            farewell(from, std::move(what));
            break;
        case ipc::kind::log_file:
            took_log(*from, what.body);
            break;
        default:
            log::warn("worker {} sent kind {}, which this build does not know; ignored", from->id(),
                      what.kind);
    }
}

void supervisor::hello(const worker_ptr& from)
{
    if (from->is_stranger())
        get_to_know(*from);
    give_log(*from);  // it was born with one that may have been put aside since
    if (unready_)
        tell_readiness_off(*from);
    if (from->online_since())
        return;
    from->came_online();
    if (seat* const at = seat_of(*from)) {
        at->shortage.reset();
        feed(*at, cause::ready);
        note(*at);
    }
    audience_.online(from->info());
    changed_.notify_all();
}

void supervisor::farewell(const worker_ptr& from, ipc::envelope&& what)
{
    if (auto words = ipc::decode<ipc::farewell>(what.body))
        from->said_farewell(*std::move(words));
    if (!what.is(ipc::flags::request))
        return;
    // A kept worker waits for this: whoever leaves for good shall find nobody to follow it.
    if (seat* const at = seat_of(*from)) {
        const stage now = at->life ? at->life->now() : stage::gone;
        if (now == stage::draining || now == stage::withdrawing || now == stage::leaving ||
            now == stage::gone)
            order_keeper(*at, process::keeper_order::hold);
    }
    auto reply = ipc::answer_to(what);
    static_cast<void>(from->channel().try_send(reply));
}

void supervisor::listen(const worker_ptr& from, ipc::envelope&& what)
{
    auto reply = ipc::answer_to(what);
    auto wanted = ipc::decode<ipc::listen_request>(what.body);
    if (!wanted)
        return refuse(*from, reply, wanted.error());
    const auto done = try_listen(from, reply, *wanted);
    if (done)
        return;
    // A worker that may not listen mostly ends: that would be its death for our want.
    if (!is_shortage(done.error().why()) || late_listens_ == late_listens_max)
        return refuse(*from, reply, done.error());
    log::warn("worker {} waits: {}; trying again", from->id(), done.error().text());
    tasks_.spawn(listen_later(from, std::move(reply), *std::move(wanted)));
}

awaitable<> supervisor::listen_later(worker_ptr from, ipc::envelope reply,
                                     ipc::listen_request wanted)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const auto until = now() + listen_patience;
    backoff pauses{20ms, 1s};
    ++late_listens_;
    result<> done;
    do {
        co_await sleep_for(pauses.next());
        if (stopped(stop) || !from->connected())
            break;
        done = try_listen(from, reply, wanted);
    } while (!done && is_shortage(done.error().why()) && now() < until);
    --late_listens_;
    if (!done && from->connected())
        refuse(*from, reply, done.error());
}

result<> supervisor::try_listen(const worker_ptr& from, ipc::envelope& reply,
                                const ipc::listen_request& wanted)
{
    COHORT_TRY(open_endpoint * opened,
               listeners_.ask({.id = from->id(), .slot = from->slot()}, wanted));
    open_endpoint& at = *opened;
    auto socket = listeners_.socket_for(at, from->slot());
    if (!socket) {
        listeners_.leave(from->id(), at.number);
        return std::unexpected(std::move(socket).error());
    }

    ipc::listen_answer words;
    words.endpoint = at.number;
    words.where = at.real.text();
    reply.body = ipc::encode(words);
    if (socket->valid())
        reply.cargo.push_back(*std::move(socket));
    if (const auto sent = from->channel().try_send(reply); !sent) {
        listeners_.leave(from->id(), at.number);
        return {};  // its channel has ended, or it does not read: nobody hears an answer
    }
    if (!from->listening_since())
        tasks_.spawn(settle_in(from));
    from->listens();
    if (seat* const its = seat_of(*from))
        note(*its);
    changed_.notify_all();
    if (listeners_.deals(at))
        dealer_.add(at.number, at.socket.borrow());
    else if (const auto own = at.by_slot.find(from->slot()); own != at.by_slot.end())
        dealer_.remove(own->second.borrow());
    dealer_.look_again();

    listening_info where;
    where.endpoint = at.real.text();
    where.asked = wanted.where;
    where.port = at.real.port();
    audience_.listening(from->info(), where);
    return {};
}

void supervisor::hung_up(const worker_ptr& who, std::optional<fault> why) noexcept
{
    if (!who->connected())
        return;
    if (why)
        log::debug("worker {}: {}", who->id(), why->text());
    who->hung_up();
    if (who->id() == 0)
        return;  // a standby, or one that had not begun
    post_.gone(who->id());
    audience_.disconnected(who->info());
    // Alive or not, it is of no use any more: it is waited for like one that leaves, not for ever.
    // Unless it is a program that never cared for what we say.
    if (seat* const at = seat_of(*who); at != nullptr && !who->is_stranger())
        feed(*at, cause::leave_announced);
    forget_if_done(who);
    close_doors_if_done();
    seats_or_workers_.notify_all();
    changed_.notify_all();
}

awaitable<> supervisor::watch(worker_ptr who)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    process::child& process = *who->process().own();
    auto end = co_await process.exited();
    while (!end && !stopped(stop)) {
        // Our want of memory says nothing about the worker: it lives until we know better.
        log::warn("cannot watch worker {}: {}; trying again", who->id(), end.error().text());
        co_await sleep_for(watch_again);
        end = co_await process.exited();
    }
    if (!end)
        co_return;
    if (who->unknown())
        who->unknown()->end();
    auto family = end_family(who);
    co_await std::move(family);
    const auto until = now() + wait_for_last_words;
    for (unsigned i = 0; who->connected() && now() < until && !stopped(stop); ++i) {
        // Slow receivers may have paused it; its confirmations are worth more than their peace.
        who->channel().resume();
        // The end of the channel is mostly the very next event.
        if (i < 4)
            co_await asio::post(loop_, asio::use_awaitable);
        else
            co_await sleep_for(1ms);
    }
    if (who->connected()) {
        who->channel().close();
        hung_up(who, std::nullopt);
    }
    // Only now: who hears of the channel's end shall find it disconnected, not dead yet.
    who->ended(*end);
    buried(who, aftermath::seat_empty);
}

void supervisor::buried(const worker_ptr& who, aftermath then)
{
    const exit_status how = who->status();
    board::slot& row = board_.row(who->slot());
    nanoseconds served = served_by(*who, row);
    // It may not have come to its endpoints yet: who goes on with the connections of another runs
    // requests before.
    if (then == aftermath::served_well)
        served = std::max(served, nanoseconds{1});
    // A successor moves in by itself, at any moment; but not into a seat that its keeper leaves
    // empty.
    if (then == aftermath::seat_empty)
        board::vacate(row);
    listeners_.gone(who->id());
    ends_.insert_or_assign(who->id(), how);
    ends_order_.push_back(who->id());
    if (ends_order_.size() > ends_max) {
        ends_.erase(ends_order_.front());
        ends_order_.pop_front();
    }
    const auto found = coroner_.examine(*who, seats_[who->slot()]->group.get());
    log_end(*who, found->what);
    if (chronicle_ != nullptr)
        chronicle_->ended(who->info(), how, served, found->what);
    if (!found->what.in_peace())
        tasks_.spawn(coroner_.report(who, found, current_));

    seat& at = *seats_[who->slot()];
    at.stopped = then == aftermath::seat_empty && stops_by(how, at);
    const bool wanted = at.replaced_when_dead && !retiring_ && !at.stopped;
    verdict v{verdict::deed::replace, 0ns};
    const bool follows = then != aftermath::seat_empty;
    if (wanted) {
        // Who did not die of its start, but of a request, as its keeper saw. What it has died of
        // otherwise counts, though somebody followed it already: the next one may be given a pause.
        const bool served_well = then == aftermath::served_well;
        const killer by = served_well ? killer::outside : killer_of(*who);
        v = at.crashes.on_death({now(), served, by});
    }
    if (killer_of(*who) != killer::outside && !(who->leaving() && how.success()) && !at.stopped)
        blame(at, how.words());
    const bool was_tenant = seat_of(*who) != nullptr;
    if (was_tenant)
        at.tenant.reset();
    if (follows) {
        dealer_.slot_inherited(at.slot);
        if (was_tenant) {
            feed(at, cause::succeeded);
            tasks_.spawn(find_tenant(at));
        }
    } else if (!at.tenant) {
        // Before a successor is born: a connection must not be dealt twice.
        dealer_.slot_lost(at.slot);
        if (wanted) {
            pauses_[at.slot] = v.pause;
            feed(at, v.what == verdict::deed::park ? cause::died_too_often : cause::died);
        } else {
            feed(at, cause::died_unwanted);
        }
    }
    // The hook finds the map without it, as Node's does: "nobody is left" can be asked there.
    forget_if_done(who);
    remove_idle_groups();
    note(at);
    audience_.exited(who->info(), how);
    changed_.notify_all();
}

}  // namespace cohort::primary
