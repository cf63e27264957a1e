// What a supervisor does about pairs: workers with keepers.

#include <cohort/primary/supervisor.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds birth_patience = 5s;          // for a keeper's first twin
constexpr nanoseconds wait_for_last_words = 100ms;  // in a dead worker's channel
constexpr nanoseconds watch_again = 50ms;           // after a shortage

/// What others than the slot's own pair must not have: neither a keeper of another slot nor an
/// exec'ed program.
class private_memory {
public:
    explicit private_memory(const seat& of) noexcept
        : at_{&of.journal->header()}, bytes_{of.journal_bytes}
    {}
    void keep_from_children() const noexcept { ::madvise(at_, bytes_, MADV_DONTFORK); }
    void give_to_children() const noexcept { ::madvise(at_, bytes_, MADV_DOFORK); }

private:
    void* at_;
    std::size_t bytes_;
};

/// Bytes that nobody has read yet. A dead worker's end of the channel stays open in the table that
/// it shared: its channel does not end, it only falls silent.
bool is_silent(const ipc::channel& over) noexcept
{
    int waiting = 0;
    return ::ioctl(over.native_handle(), FIONREAD, &waiting) == -1 || waiting == 0;
}

/// First steps in a newborn worker's own memory.
void arrange(const config::settings& settings, const birth_plan& plan) noexcept
{
    for (const auto* each : {&settings.env, &plan.env}) {
        for (const auto& [name, value] : *each)
            ::setenv(name.c_str(), value.c_str(), 1);
    }
    if (!settings.cwd.empty() && ::chdir(settings.cwd.c_str()) == -1) {
        fmt::print(stderr, "cohort: cannot change to directory {}: {}\n", settings.cwd,
                   last_errno().message());
        ::_exit(process::stillborn);
    }
}

}  // namespace

bool supervisor::keeps(const seat& at) const noexcept
{
    return care_ == care::kept && settings_.keepers && at.replaced_when_dead &&
           settings_.exec.empty() && !at.plan.exec;
}

result<> supervisor::open_journal(seat& at)
{
    // A new one for each pair: nothing in it speaks of descriptors of another table.
    board::journal::plan plan;
    plan.slot = at.slot;
    COHORT_TRY(auto made, board::journal::create(plan));
    use_journal(at, std::move(made));
    return {};
}

void supervisor::use_journal(seat& at, board::journal made)
{
    at.journal = std::make_shared<board::journal>(std::move(made));
    at.journal_bytes = at.journal->header().size;
    private_memory{at}.keep_from_children();
}

process::keeping supervisor::keeping_for(seat& at)
{
    process::keeping how;
    how.title = fmt::format("cohort: keeper {} ({})", at.slot, settings_.name);
    how.twin_title = fmt::format("cohort: worker {} ({})", at.slot, settings_.name);
    how.standby_title = fmt::format("cohort: standby {} ({})", at.slot, settings_.name);
    how.journal = at.journal.get();
    how.keep = {board_.fd().borrow(), at.inbox.take.borrow(), at.hotline.take.borrow()};
    for (const auto& [number, ours] : at.plan.extra_descriptors)
        how.keep.push_back(ours);
    how.twin_orphan = process::parent_death::after(settings_.stop.timeout);
    how.last_grace = settings_.stop.timeout + 1s;
    how.standby = settings_.standby ? process::standby_mode::on : process::standby_mode::off;
    // Runs in a twin: all that it refers to is the twin's own memory, copied when the keeper was
    // forked.
    how.life = [this, &at,
                terms = terms_for({.id = 0, .slot = at.slot})](process::twin_birth born) noexcept {
        arrange(settings_, at.plan);
        birthright mine;
        mine.terms = terms;
        const std::uint32_t given = at.journal->header().next_id.exchange(0);
        mine.terms.id = given != 0 ? given : board_.ids().draw();
        auto board = duplicate(board_.fd());
        auto inbox = duplicate(at.inbox.take);
        auto hotline = duplicate(at.hotline.take);
        if (!board || !inbox || !hotline) {
            fmt::print(stderr, "cohort: a worker has no descriptors to begin with\n");
            ::_exit(process::stillborn);
        }
        mine.board = *std::move(board);
        mine.inbox = *std::move(inbox);
        mine.hotline = *std::move(hotline);
        board::move_in(board_.row(at.slot),
                       {.tenant = board::tenant_of(board_.generation(), ::getpid()),
                        .worker_id = mine.terms.id});
        mine.channel = std::move(born.channel);
        mine.journal = at.journal.get();
        mine.keeper = std::move(born.keeper);
        mine.successor = born.successor;
        mine.found = std::move(born.found);
        audience_.live_on(std::move(mine));
    };
    return how;
}

result<worker_ptr> supervisor::spawn_kept(seat& at)
{
    if (!at.keeper)
        return start_pair(at);
    if (at.keeper->ends())
        return failed(errc::queue_full, "start a worker", "the last keeper is still there");
    COHORT_TRY(at.keeper->order(process::keeper_order::spawn));
    arm(at, settings_.ready.timeout);
    return worker_ptr{};
}

result<worker_ptr> supervisor::start_pair(seat& at)
{
    COHORT_TRY(open_journal(at));
    process::keeping how = keeping_for(at);
    COHORT_TRY(how.user, user_of(settings_));
    COHORT_TRY(auto permit, process::fork_permit::ask());
    const birth_place where{.id = draw_id(), .slot = at.slot};
    at.journal->header().next_id.store(where.id);

    const private_memory journal{at};
    journal.give_to_children();
    auto made = process::start_keeper(std::move(permit), std::move(how));
    journal.keep_from_children();
    if (!made)
        return std::unexpected(std::move(made).error());
    COHORT_TRY(at.keeper, keeper_handle::make(loop_.get_executor(), *std::move(made)));
    note(at);
    auto who = first_worker(at, where);
    if (!who) {
        at.keeper.reset();
        note(at);
    }
    return who;
}

result<worker_ptr> supervisor::first_worker(seat& at, birth_place where)
{
    const keeper_ptr keeper = at.keeper;
    COHORT_TRY(auto first, keeper->wait_for_note(birth_patience));
    if (first.note.what != process::keeper_note::kind::born)
        return std::unexpected(
            fault({first.note.status, boost::system::system_category()}, "clone a worker"));

    newborn born{
        .process = worker_process{process::ward{first.note.pid, std::move(first.pidfd)}},
        .channel = std::move(first.channel),
        .cohort_inside = true,
    };
    COHORT_TRY(worker_ptr who, worker_handle::make(loop_.get_executor(), where, std::move(born)));
    at.tenant = who;
    workers_.emplace(where.id, who);
    begin(who);
    for (const auto& other : seats_)
        introduce(*other, *who);
    arm(at, settings_.ready.timeout);
    keeper_handle::start(keeper, [this, &at](process::received_note&& what) noexcept {
        noted(at, std::move(what));
    });
    tasks_.spawn(watch_keeper(at, keeper));
    note(at);
    const worker_info seen = who->info();
    boost::asio::post(loop_, [this, seen] { audience_.forked(seen); });
    return who;
}

void supervisor::order_keeper(seat& at, process::keeper_order what)
{
    if (!at.keeper)
        return;
    if (const auto given = at.keeper->order(what); !given)
        log::debug("keeper of slot {}: {}", at.slot, given.error().text());
    note(at);
}

void supervisor::noted(seat& at, process::received_note&& what) noexcept
{
    using kind = process::keeper_note::kind;
    switch (what.note.what) {
        case kind::born:
            twin_born(at, std::move(what));
            return;
        case kind::ended:
            twin_ended(at, what.note);
            return;
        case kind::waiting:
            return;  // the end of its worker was told before, with nobody to follow
        case kind::shortage:
            log::warn("the keeper of slot {} cannot clone: {}; trying again", at.slot,
                      error_code{what.note.status, boost::system::system_category()}.message());
            return;
    }
}

void supervisor::twin_born(seat& at, process::received_note&& what)
{
    newborn born{
        .process = worker_process{process::ward{what.note.pid, std::move(what.pidfd)}},
        .channel = std::move(what.channel),
        .cohort_inside = true,
    };
    auto who =
        worker_handle::make(loop_.get_executor(), {.id = 0, .slot = at.slot}, std::move(born));
    if (!who) {
        // Without us it would go on alone; whoever follows it may have more luck.
        log::error("cannot watch a worker of slot {}: {}; it is ended", at.slot,
                   who.error().text());
        return;
    }
    at.keeper->unnamed.push_back(*who);
    begin(*who);
}

void supervisor::twin_named(const worker_ptr& who, const ipc::hello& words)
{
    seat& at = *seats_[who->slot()];
    if (words.id == 0 || words.slot != at.slot || words.pid != who->info().pid ||
        workers_.contains(words.id) || ends_.contains(words.id))
    {
        log::error("a worker of slot {} says that it is worker {} (pid {}): it is ended", at.slot,
                   words.id, words.pid);
        static_cast<void>(who->process().signal(SIGKILL));
        return;
    }
    if (at.keeper)
        std::erase(at.keeper->unnamed, who);
    who->named(words.id);
    workers_.emplace(words.id, who);
    // Its predecessor may not have been reported dead yet: that has a burial of its own.
    if (at.tenant)
        feed(at, cause::succeeded);
    at.tenant = who;
    for (const auto& other : seats_)
        introduce(*other, *who);
    audience_.forked(who->info());
    take_up(who, words);
    hello(who);
    note(at);
    const stage now = at.life ? at.life->now() : stage::gone;
    if (now == stage::draining)
        ask_to_drain(at);
    else if (now == stage::leaving || now == stage::gone || now == stage::parked)
        signal(at, SIGKILL);
}

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
        const worker_ptr& who = next.who;
        if (!who)
            continue;
        co_await hear_last_words(who);
        if (who->connected()) {
            who->channel().close();
            hung_up(who, std::nullopt);
        }
        who->ended(who->process().kept()->reason({next.how.code, next.how.status}));
        if (who->id() == 0)
            stillborn(at, who, next.how);
        else
            buried(who, next.how.succeeded != 0 ? aftermath::succeeded : aftermath::seat_empty);
    }
    at.burying = false;
    changed_.notify_all();
}

void supervisor::stillborn(seat& at, const worker_ptr& who, const process::keeper_note& how)
{
    if (how.had_seat == 0)
        return;  // a standby that was not needed, or not lucky: the keeper makes another one
    log::warn("a worker of slot {} (pid {}) ended before it had begun: {}", at.slot, how.pid,
              who->status().words());
    if (how.succeeded != 0 || at.tenant)
        return;
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
        feed(at, cause::died_unwanted);
    }
    changed_.notify_all();
}

void supervisor::keeper_lost(seat& at, const keeper_ptr& keeper)
{
    for (const worker_ptr& each : keeper->unnamed)
        static_cast<void>(each->process().signal(SIGKILL));
    static_cast<void>(at);
}

}  // namespace cohort::primary
