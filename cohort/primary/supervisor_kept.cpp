// What a supervisor does about pairs: workers with keepers.

#include <cohort/primary/supervisor.hpp>

#include <cohort/base/try.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/post.hpp>

#include <fmt/format.h>

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

constexpr nanoseconds birth_patience = 5s;  // for a keeper's first twin

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
    at.last_judged = 0;
    at.waits = false;
    arm(at, settings_.ready.timeout);
    return worker_ptr{};
}

result<worker_ptr> supervisor::start_pair(seat& at)
{
    at.last_judged = 0;
    at.waits = false;
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
            at.last_judged = what.note.pid;  // its end comes next
            return;
        case kind::shortage:
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

}  // namespace cohort::primary
