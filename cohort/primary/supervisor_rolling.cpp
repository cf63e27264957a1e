// What a reload asks of a supervisor: seats by generation.

#include <cohort/primary/supervisor.hpp>

#include <cohort/base/try.hpp>
#include <cohort/board/reading.hpp>
#include <cohort/process/memory_share.hpp>

#include <algorithm>
#include <utility>

namespace cohort::primary {

std::vector<std::uint32_t> supervisor::filled_slots() const
{
    std::vector<std::uint32_t> list;
    for (const auto& at : seats_) {
        if (!at->vacant())
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
    if (slot >= seats_.size())
        return seen;
    const seat& at = *seats_[slot];
    seen.free = at.free();
    seen.generation = at.of ? at.of->number() : 0;
    seen.misfortunes = at.misfortunes;
    seen.last_misfortune = at.last_misfortune;
    seen.parked = at.life && at.life->now() == stage::parked;
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
    if (at.of->settings().listen.empty())
        return true;
    if (!at.tenant->listening_since())
        return false;
    const auto row = board::read(board_.row(at.slot));
    return row && row->accepting && board::pid_of(row->tenant) == at.tenant->info().pid;
}

void supervisor::become_current(generation_ptr next)
{
    current_ = std::move(next);
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

}  // namespace cohort::primary
