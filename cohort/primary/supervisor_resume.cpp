// How a supervisor goes on where a dead primary's stopped.

#include <cohort/primary/supervisor.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/claims.hpp>
#include <cohort/primary/salvage.hpp>

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

using board::ledger_seat;

constexpr nanoseconds old_channels_stay = 1s;     // workers that did not swap by then are stuck
constexpr nanoseconds notes_come_within = 500ms;  // of a death, by its keeper
constexpr nanoseconds half_made_pause = 100ms;    // until the pair that nobody knows has gone
constexpr nanoseconds look_first = 2ms;           // for whoever has the seat
constexpr nanoseconds look_seldom = 250ms;

bool has_ended(const process::ward* who) noexcept
{
    if (who == nullptr)
        return false;
    pollfd ask{.fd = who->pidfd().borrow(), .events = POLLIN, .revents = 0};
    return ::poll(&ask, 1, 0) == 1;
}

std::optional<steady_time> moment(std::int64_t count)
{
    if (count == 0)
        return std::nullopt;
    return steady_time{nanoseconds{count}};
}

}  // namespace

result<> supervisor::resume(const board::ledger& book, std::vector<int> left_open)
{
    claims ours;
    recover_generations(book, ours);  // before our own is written over it
    write_to(book);
    wanted_ = book.head().wanted.load(std::memory_order_acquire);
    if (const auto word = book.head().number.load(std::memory_order_acquire); word != 0)
        said_ = config::worker_count::between(word >> 16, word & 0xffff);
    for (const int each : listeners_.recover(book))
        ours.add(each);
    unsigned used = 0;
    for (unsigned slot = 0; slot < board::slots_max; ++slot) {
        if (book.seat(slot).value().used)
            used = slot + 1;
    }
    for (unsigned slot = 0; slot < used; ++slot) {
        COHORT_TRY(recover_seat(book.seat(slot).value(), ours));
    }
    // Now that all have a new channel: the rest is nobody's, or a client's.
    std::erase_if(left_open, [&](int each) { return ours.has(each); });
    salvage_.emplace(book, board_.tickets(), listeners_);
    dealer_.recover(salvage_->sort(left_open));
    for (const auto& at : seats_)
        go_on(*at, book.seat(at->slot).value());
    tasks_.spawn(close_old_channels());
    tasks_.spawn(coroner_.recall(used, current_));
    return {};
}

result<> supervisor::recover_seat(const ledger_seat& words, claims& ours)
{
    seat::furniture has;
    COHORT_TRY(has.inbox, ours.pair(words.inbox_give, words.inbox_take));
    // A pair that was half made has nobody who knows it, and would take calls that are not for it:
    // with the end of this line it knows that it shall leave.
    const bool half_made = words.occupied && words.keeper == 0;
    COHORT_TRY(has.hotline,
               half_made ? net::make_inbox() : ours.pair(words.hotline_give, words.hotline_take));
    const auto number = static_cast<std::uint32_t>(seats_.size());
    seats_.push_back(std::make_unique<seat>(loop_.get_executor(), number, std::move(has),
                                            limits_of(settings().restart)));
    seat& at = *seats_.back();
    at.of = generation_of(words.generation);
    at.replaced_when_dead = words.replaced_when_dead;
    at.stopped = words.stopped;
    at.crashes.recall(words.deaths);
    if (chronicle_ != nullptr)
        chronicle_->recall(at.slot, words.ends);
    if (at.of)
        at.group = bounds_.left_for(at.slot, at.of->settings(), at.of->number());
    if (words.occupied && words.stage < static_cast<std::uint8_t>(stage::gone))
        at.life.emplace(static_cast<stage>(words.stage));
    // What was called for by a dead primary, nobody answers.
    while (const auto stale = net::take(at.hotline.take.borrow())) {
        if (!*stale)
            break;
    }
    if (words.keeper != 0)
        recover_keeper(at, words, ours);
    if (words.worker != 0)
        recover_worker(at, words, ours);
    return {};
}

void supervisor::recover_keeper(seat& at, const ledger_seat& words, claims& ours)
{
    // What is claimed and not used is closed: without its line a pair leaves.
    unique_fd line = ours.socket(words.line, SOCK_SEQPACKET);
    unique_fd pidfd = ours.pidfd(words.keeper_pidfd);
    auto memory = ours.memory(words.journal);
    if (!line.valid() || !pidfd.valid() || !memory.valid()) {
        log::error("the keeper of slot {} is not where the last primary left it; it is ended",
                   at.slot);
        return;
    }
    auto journal = board::journal::attach(std::move(memory));
    process::kept_pair pair{.keeper = process::child::inherit(words.keeper, std::move(pidfd)),
                            .line = std::move(line)};
    auto keeper = keeper_handle::make(loop_.get_executor(), std::move(pair));
    if (!journal || !keeper) {
        log::error("cannot go on with the keeper of slot {}: {}", at.slot,
                   !journal ? journal.error().text() : keeper.error().text());
        return;
    }
    use_journal(at, *std::move(journal));
    at.keeper = *std::move(keeper);
    if (words.keeper_ends)
        at.keeper->was_told_to_end();
}

void supervisor::recover_worker(seat& at, const ledger_seat& words, claims& ours)
{
    unique_fd pidfd = ours.pidfd(words.worker_pidfd);
    if (!pidfd.valid())
        return;
    const birth_place where{.id = words.worker_id, .slot = at.slot};
    const bool program = !at.keeper && words.program.here;
    const auto heir = [&] {
        if (at.keeper) {
            put_in_group(at, words.worker);  // whom it was born to may have died before
            return worker_process{process::ward{words.worker, std::move(pidfd), at.group}};
        }
        return worker_process{process::child::of_root(words.worker, std::move(pidfd),
                                                      words.program.ends_before, at.group)};
    };
    const auto who =
        program ? recover_program(at, words, std::move(pidfd), ours) : call(at, where, heir());
    if (!who) {
        log::error("cannot go on with worker {}: {}", words.worker_id, who.error().text());
        return;
    }
    worker_handle::past known;
    known.born = moment(words.born_ns).value_or(now());
    known.online = moment(words.online_ns);
    known.listening = moment(words.listening_ns);
    known.leaving = words.leaving;
    known.said_leaving = words.said_leaving;
    (*who)->recover(known);
    at.tenant = *who;
    workers_.emplace(where.id, *who);
}

/// A handle for a worker that has no channel to us, or one to a dead primary: a new one is called
/// through to it.
result<worker_ptr> supervisor::call(seat& at, birth_place where, worker_process whom)
{
    const pid_t pid = whom.pid();
    const bool kept = whom.kept() != nullptr;
    COHORT_TRY(auto ends, ipc::channel::make_pair());
    newborn born{
        .process = std::move(whom), .channel = std::move(ends.first), .cohort_inside = true};
    COHORT_TRY(worker_ptr who, worker_handle::make(loop_.get_executor(), where, std::move(born)));
    begin(who);
    if (!kept)
        return who;  // it leaves with its primary: the other end closes here
    net::handover about;
    about.from_slot = net::handover::from_primary;
    about.sequence = static_cast<std::uint64_t>(pid);
    COHORT_TRY(net::give(at.hotline.give.borrow(), ends.second, about));
    return who;
}

void supervisor::go_on(seat& at, const ledger_seat& words)
{
    if (at.keeper) {
        keeper_handle::start(at.keeper, [this, &at](process::received_note&& what) noexcept {
            noted(at, std::move(what));
        });
        tasks_.spawn(watch_keeper(at, at.keeper));
        tasks_.spawn(find_tenant(at));
    } else if (at.tenant) {
        tasks_.spawn(watch(at.tenant));
        attend(at.tenant);
        transcribe(at.tenant);
    }
    note(at);
    if (!at.life)
        return;
    const stage stood = at.life->now();
    if (stood == stage::parked && at.keeper && !at.keeper->ends())
        order_keeper(at, process::keeper_order::bequeath);
    const bool nobody = !at.keeper && !at.tenant && at.life->has_process();
    if (nobody) {
        // It was being made, or could not be recovered. A half-made pair ends without a line.
        pauses_[at.slot] = half_made_pause;
        dealer_.slot_lost(at.slot);
        feed(at, stood == stage::draining || stood == stage::leaving ? cause::died_unwanted
                                                                     : cause::died);
    } else if (const auto until = moment(words.deadline_ns)) {
        arm(at, std::max<nanoseconds>(*until - now(), 1ms));
    }
}

void supervisor::said_hello_again(const worker_ptr& from, const ipc::hello& words)
{
    if (words.id != from->id() || words.pid != from->info().pid) {
        log::error("worker {} says that it is worker {} (pid {}): it is ended", from->id(),
                   words.id, words.pid);
        static_cast<void>(from->process().signal(SIGKILL));
        return;
    }
    from->greets();
    introduce(from);
    take_up(from, words);
    hello(from);
    seat* const at = seat_of(*from);
    if (at != nullptr && !words.leaving && at->life &&
        (at->life->now() == stage::draining || at->life->now() == stage::withdrawing))
        ask_to_drain(*at);  // the order may have died with who gave it
    if (at != nullptr)
        note(*at);
    dealer_.look_again();
    close_doors_if_done();
    changed_.notify_all();
}

/// What it says of itself that we would know if we had been there.
void supervisor::take_up(const worker_ptr& from, const ipc::hello& words)
{
    for (const std::uint32_t number : words.endpoints) {
        const auto found = listeners_.all().find(number);
        if (found == listeners_.all().end())
            continue;
        open_endpoint& at = *found->second;
        listeners_.holds_again(from->id(), number);
        from->listens();
        if (listeners_.deals(at))
            dealer_.add(number, at.socket.borrow());
        else if (const auto own = at.by_slot.find(from->slot()); own != at.by_slot.end())
            dealer_.remove(own->second.borrow());
    }
    seat* const at = seat_of(*from);
    if (at != nullptr && words.leaving) {
        from->says_leaving();
        feed(*at, cause::leave_announced);
        dealer_.slot_lost(at->slot);
    }
}

/// Looks until whoever has the seat is known here: a standby that woke up found its channel dead.
awaitable<> supervisor::find_tenant(seat& at)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    if (book_ == nullptr || std::exchange(at.seeking, true))
        co_return;
    std::optional<steady_time> dead_since;
    for (backoff pauses{look_first, look_seldom}; !stopped(stop) && seeks(at);) {
        // First of all the keeper's notes are heard: mostly they say who it is.
        co_await sleep_for(pauses.next());
        if (!seeks(at))
            break;
        const auto pid = static_cast<pid_t>(at.journal->header().tenant.load());
        const bool ours = at.tenant && at.tenant->info().pid == pid;
        const worker_ptr dead = unreported_death(at);
        if (ours && !dead)
            break;
        if (!dead || at.burying)
            dead_since.reset();
        else if (!dead_since)
            dead_since = now();
        else if (now() - *dead_since > notes_come_within)
            miss(at, *dead);
        const auto& unnamed = at.keeper->unnamed;
        const bool known = ours || std::ranges::any_of(unnamed, [pid](const auto& each) {
                               return each->info().pid == pid;
                           });
        if (pid > 0 && !known)
            call_stranger(at, pid);
    }
    at.seeking = false;
}

bool supervisor::seeks(const seat& at) const noexcept
{
    return at.keeper && at.life && (at.life->has_process() || at.life->now() == stage::resting);
}

/// It has the seat, says the journal, and nobody told us of it.
void supervisor::call_stranger(seat& at, pid_t pid)
{
    auto stranger = process::ward::watch(pid, at.group);
    if (!stranger || has_ended(&*stranger))
        return;  // gone again
    put_in_group(at, pid);
    const birth_place where{.id = 0, .slot = at.slot};
    if (auto who = call(at, where, worker_process{*std::move(stranger)}))
        at.keeper->unnamed.push_back(*std::move(who));
    else
        log::warn("cannot call the worker of slot {}: {}; trying again", at.slot,
                  who.error().text());
}

/// One that is dead and whom we believe alive. Its successor may be the tenant by now.
worker_ptr supervisor::unreported_death(const seat& at) const
{
    for (const auto& [id, each] : workers_) {
        if (each->slot() == at.slot && !each->dead() && has_ended(each->process().kept()))
            return each;
    }
    return nullptr;
}

/// Its death was told to a primary that is dead as well.
void supervisor::miss(seat& at, const worker_handle& who)
{
    process::keeper_note what{};
    what.what = process::keeper_note::kind::ended;
    what.pid = who.info().pid;
    what.code = CLD_KILLED;
    what.status = SIGKILL;
    what.had_seat = 1;
    const auto sits = static_cast<pid_t>(at.journal->header().tenant.load());
    what.succeeded = sits != what.pid ? 1 : 0;
    log::warn("worker {} ended while there was no primary", who.id());
    twin_ended(at, what);
}

awaitable<> supervisor::close_old_channels()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    if (!salvage_->has_channels())
        co_return;
    co_await sleep_for(old_channels_stay);
    if (stopped(stop))
        co_return;
    dealer_.recover(salvage_->close_channels());
}

}  // namespace cohort::primary
