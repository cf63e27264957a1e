// What a supervisor does about pairs: workers with keepers.

#include <cohort/primary/supervisor.hpp>

#include <cohort/base/try.hpp>
#include <cohort/config/memory_room.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/pairing.hpp>

#include <boost/asio/post.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds birth_patience = 5s;  // for a keeper's first twin
/// For a mold, which forks in a millisecond. We wait in its place, and so does everybody else: one
/// that does not answer is given up for another one.
constexpr nanoseconds mold_patience = 2s;

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

}  // namespace

bool supervisor::keeps(const seat& at) const noexcept
{
    const config::settings& of = at.of->settings();
    return care_ == care::kept && of.keepers && at.replaced_when_dead && of.exec.empty() &&
           !at.plan.exec;
}

result<> supervisor::open_journal(seat& at)
{
    // A new one for each pair: nothing in it speaks of descriptors of another table.
    board::journal::plan plan;
    plan.slot = at.slot;
    static_assert(config::journal_bytes_most == board::journal::plan{}.arena_bytes);
    plan.arena_bytes = config::journal_bytes(at.of->settings());
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

namespace {

/// A mold that is gone is started again: it is a matter of time.
result<process::kept_pair> have_pair_made(generation& of, const pairing& what)
{
    if (of.maker) {
        auto made = of.maker->make_pair(what, mold_patience);
        if (made || made.error().why() == errc::answer_failed)
            return made;
        // Whatever it says from now on would answer what nobody asks any more.
        of.maker.reset();
    }
    return std::unexpected(
        fault({EAGAIN, boost::system::system_category()}, "fork a keeper: its mold is gone"));
}

}  // namespace

result<process::kept_pair> supervisor::make_pair(seat& at)
{
    const pairing what{.slot = at.slot,
                       .settings = at.of->settings(),
                       .plan = at.plan,
                       .board = board_,
                       .journal = *at.journal,
                       .inbox = at.inbox.take.borrow(),
                       .hotline = at.hotline.take.borrow(),
                       .life = audience_};
    if (!at.of->is_own())
        return have_pair_made(*at.of, what);
    COHORT_TRY(process::keeping how, keeping_for(what));
    COHORT_TRY(auto permit, process::fork_permit::ask());
    const private_memory journal{at};
    journal.give_to_children();
    auto made = process::start_keeper(std::move(permit), std::move(how));
    journal.keep_from_children();
    return made;
}

result<worker_ptr> supervisor::spawn_kept(seat& at)
{
    if (!at.keeper)
        return start_pair(at);
    if (at.keeper->ends()) {
        // Its last twin gives connections away. That is nobody's death: we wait.
        const error_code busy{EAGAIN, boost::system::system_category()};
        return std::unexpected(fault(busy, "start a worker", "the last keeper is still there"));
    }
    COHORT_TRY(at.keeper->order(process::keeper_order::spawn));
    at.last_judged = 0;
    at.waits = false;
    arm(at, at.of->settings().ready.timeout);
    return worker_ptr{};
}

result<worker_ptr> supervisor::start_pair(seat& at)
{
    at.last_judged = 0;
    at.waits = false;
    COHORT_TRY(open_journal(at));
    prepare_group(at);
    const birth_place where{.id = draw_id(), .slot = at.slot};
    at.journal->header().next_id.store(where.id);
    COHORT_TRY(auto made, make_pair(at));
    COHORT_TRY(at.keeper, keeper_handle::make(loop_.get_executor(), std::move(made)));
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

    put_in_group(at, first.note.pid);
    newborn born{
        .process = worker_process{process::ward{first.note.pid, std::move(first.pidfd), at.group}},
        .channel = std::move(first.channel),
        .cohort_inside = true,
    };
    COHORT_TRY(worker_ptr who, worker_handle::make(loop_.get_executor(), where, std::move(born)));
    at.tenant = who;
    workers_.emplace(where.id, who);
    begin(who);
    introduce(who);
    arm(at, at.of->settings().ready.timeout);
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
            at.last_judged = what.note.pid;  // its end comes next
            return;
        case kind::shortage:
            if (what.note.pid != 0) {
                log::warn("the keeper of slot {} has no place for another worker: it ended process "
                          "{}, which has crashed and was not gone yet; going on",
                          at.slot, what.note.pid);
                return;
            }
            log::warn("the keeper of slot {} cannot clone: {}; trying again", at.slot,
                      error_code{what.note.status, boost::system::system_category()}.message());
            return;
    }
}

void supervisor::twin_born(seat& at, process::received_note&& what)
{
    const auto same = [&](const worker_ptr& each) { return each->info().pid == what.note.pid; };
    if ((at.tenant && same(at.tenant)) || std::ranges::any_of(at.keeper->unnamed, same))
        return;  // we called it before its keeper told us of it: it has another channel
    put_in_group(at, what.note.pid);
    newborn born{
        .process = worker_process{process::ward{what.note.pid, std::move(what.pidfd), at.group}},
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
    at.last_judged = 0;
    at.waits = false;
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
    introduce(who);
    audience_.forked(who->info());
    take_up(who, words);
    hello(who);
    note(at);
    const stage now = at.life ? at.life->now() : stage::gone;
    if (!killing_ && (now == stage::draining || now == stage::withdrawing))
        ask_to_drain(at);
    else if (killing_ || now == stage::leaving || now == stage::gone ||
             ((now == stage::parked || now == stage::held) && !words.leaving))
        signal(at, SIGKILL);
}

}  // namespace cohort::primary
