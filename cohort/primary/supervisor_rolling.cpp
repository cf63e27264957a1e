// What a reload asks of a supervisor: seats by generation.

#include <cohort/primary/supervisor.hpp>

#include <cohort/base/try.hpp>
#include <cohort/board/reading.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/memory_share.hpp>

#include <algorithm>
#include <utility>

namespace cohort::primary {

namespace {

bool is_same(const board::ledger_generation& one, const board::ledger_generation& other) noexcept
{
    return one.number == other.number && one.settings.plus_one == other.settings.plus_one &&
           one.binary.plus_one == other.binary.plus_one;
}

bool names(const std::vector<std::string>& listen, const net::endpoint& which)
{
    return std::ranges::any_of(listen, [&](const std::string& each) {
        const auto where = net::endpoint::parse(each);
        return where && where->text() == which.text();
    });
}

}  // namespace

std::vector<std::uint32_t> supervisor::filled_slots() const
{
    std::vector<std::uint32_t> list;
    for (const auto& at : seats_) {
        if (!at->vacant() && at->life->now() != stage::held)
            list.push_back(at->slot);
    }
    return list;
}

result<std::uint32_t> supervisor::seat_extra(generation_ptr of)
{
    if (retiring_)
        return failed(errc::stopping, "start worker");
    COHORT_TRY(seat * at, seat_for(std::nullopt));
    COHORT_TRY(seat_in(*at, std::move(of)));
    at->extra = true;
    return at->slot;
}

result<> supervisor::seat_again(std::uint32_t slot, generation_ptr of)
{
    if (retiring_)
        return failed(errc::stopping, "start worker");
    COHORT_TRY(seat * at, seat_for(slot));
    auto seated = seat_in(*at, std::move(of));
    if (!seated)
        try_again(*at, seated.error());
    return seated;
}

result<> supervisor::seat_in(seat& at, generation_ptr of)
{
    at.replaced_when_dead = true;
    at.plan = {};
    at.of = std::move(of);
    at.misfortunes = 0;
    at.last_misfortune.clear();
    at.crashes = crash_policy{limits_of(at.of->settings().restart)};
    COHORT_TRY(fill(at));
    return {};
}

void supervisor::blame(seat& at, std::string words)
{
    ++at.misfortunes;
    at.last_misfortune = std::move(words);
}

void supervisor::empty_seat(std::uint32_t slot)
{
    if (slot < seats_.size())
        feed(*seats_[slot], cause::drain_asked);
}

seat_view supervisor::look_at(std::uint32_t slot) const
{
    seat_view seen;
    if (slot >= seats_.size()) {
        seen.free = slot < board_.slots();
        return seen;
    }
    const seat& at = *seats_[slot];
    seen.free = at.free();
    seen.generation = at.of ? at.of->number() : 0;
    seen.misfortunes = at.misfortunes;
    seen.last_misfortune = at.last_misfortune;
    seen.stopped = at.stopped;
    seen.parked = at.life && at.life->now() == stage::parked;
    seen.vacant = at.vacant();
    seen.leaving =
        at.life && (at.life->now() == stage::draining || at.life->now() == stage::leaving);
    seen.ready = at.life && at.life->now() == stage::serving && at.tenant && accepts(at);
    return seen;
}

board::answer_counts supervisor::answers_of(std::uint32_t slot) const noexcept
{
    return slot < board_.slots() ? board::read(board_.answers(slot)) : board::answer_counts{};
}

std::uint64_t supervisor::memory_of(std::uint32_t slot) const
{
    if (slot >= seats_.size() || !seats_[slot]->tenant)
        return 0;
    return process::memory_share(seats_[slot]->tenant->info().pid).value_or(0);
}

/// It has its endpoints, and takes connections: also those of whoever leaves for its sake.
bool supervisor::accepts(const seat& at) const
{
    if (at.of->settings().listen.empty() || at.tenant->is_stranger())
        return true;
    if (!at.tenant->listening_since())
        return false;
    const auto row = board::read(board_.row(at.slot));
    return row && row->accepting && board::pid_of(row->tenant) == at.tenant->info().pid;
}

void supervisor::become_current(generation_ptr next, unsigned wanted)
{
    previous_ = std::exchange(current_, std::move(next));
    if (settings().workers != previous_->settings().workers)
        note_said(std::nullopt);
    // It costs memory, and can be started again from its file.
    previous_->maker.reset();
    note_generations();
    note_wanted(wanted);
    go_by_current();
}

/// Whatever is not asked for each time: also after the death of the primary that committed it.
void supervisor::go_by_current()
{
    drain_budget_ = settings().stop.timeout;
    for (const auto& at : seats_) {
        crash_policy wiser{limits_of(settings().restart)};
        wiser.recall(at->crashes.remember());
        at->crashes = std::move(wiser);
    }
    pulse_ = pulse{settings().health.heartbeat};
    pulse_timer_.cancel();
    if (settings().health.heartbeat > nanoseconds{0})
        feel_pulse();
}

std::uint32_t supervisor::newest() const noexcept
{
    std::uint32_t most = std::max(current_->number(), previous_ ? previous_->number() : 0);
    // One that was never finished may have workers still.
    for (const auto& at : seats_)
        most = std::max(most, at->of ? at->of->number() : 0);
    return most;
}

void supervisor::recover_generations(const board::ledger& book, claims& ours)
{
    const auto before = book.generation(board::ledger_role::previous).value();
    const auto words = book.generation(board::ledger_role::current).value();
    previous_ = recover_one(before, ours);
    if (previous_ && is_same(before, words))
        current_ = std::exchange(previous_, nullptr);  // named twice: it was becoming the previous
    else if (auto found = recover_one(words, ours))
        current_ = std::move(found);
    go_by_current();
}

void supervisor::close_forsaken()
{
    if (!previous_)
        return;
    for (const auto& each : seats_) {
        const bool empty = each->vacant() || each->life->now() == stage::parked ||
                           each->life->now() == stage::held;
        if (!empty && !look_at(each->slot).ready)
            return;  // it may be about to listen there
    }
    std::vector<std::uint32_t> forsaken;
    for (const auto& [number, each] : listeners_.all()) {
        // What only the program's code names, it may be about to ask for.
        if (each->holders.empty() && names(previous_->settings().listen, each->asked) &&
            !names(settings().listen, each->asked))
            forsaken.push_back(number);
    }
    for (const std::uint32_t number : forsaken) {
        const open_endpoint& at = *listeners_.all().at(number);
        log::info("nobody listens on {} any more: it is closed", at.real.text());
        // Whoever waits in its queues hears so from the kernel.
        dealer_.remove(at.socket.borrow());
        for (const auto& [slot, queue] : at.by_slot)
            dealer_.remove(queue.borrow());
        listeners_.close(number);
    }
}

/// Nothing: there was none, or what was written down makes no sense.
generation_ptr supervisor::recover_one(const board::ledger_generation& words, claims& ours)
{
    if (words.number == 0)
        return nullptr;
    if (!words.settings.any())
        return own_;
    auto settings = ours.memory(words.settings);
    auto binary = ours.program(words.binary);
    if (!settings.valid()) {
        log::error("what was known of generation {} is lost", words.number);
        return nullptr;
    }
    auto found = generation::recover(words.number, std::move(settings), std::move(binary));
    if (!found) {
        log::error("generation {}: {}", words.number, found.error().text());
        return nullptr;
    }
    return *found;
}

/// One that is neither current nor the one before was never finished: it has no settings but the
/// current ones, and its workers are to be replaced.
generation_ptr supervisor::generation_of(std::uint32_t number) const
{
    if (number == 0 || number == current_->number())
        return current_;
    if (previous_ && number == previous_->number())
        return previous_;
    return std::make_shared<generation>(number, settings());
}

}  // namespace cohort::primary
