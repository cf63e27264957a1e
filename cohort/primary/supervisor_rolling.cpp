// What a reload asks of a supervisor: seats by generation.

#include <cohort/primary/supervisor.hpp>

#include <cohort/base/try.hpp>
#include <cohort/board/reading.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/memory_share.hpp>

#include <algorithm>
#include <utility>

namespace cohort::primary {

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
    return seat_in(*at, std::move(of));
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

void supervisor::become_current(generation_ptr next)
{
    previous_ = std::exchange(current_, std::move(next));
    // It costs memory, and can be started again from its file.
    previous_->maker.reset();
    note_generations();
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

void supervisor::recover_generations(const board::ledger& book, claims& ours)
{
    previous_ = recover_one(book.generation(board::ledger_role::previous).value(), ours);
    const auto words = book.generation(board::ledger_role::current).value();
    if (previous_ && previous_->number() == words.number)
        current_ = std::exchange(previous_, nullptr);  // named twice: it was becoming current
    else if (auto found = recover_one(words, ours))
        current_ = std::move(found);
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
