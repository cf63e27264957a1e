// What operators and the program ask of a supervisor.

#include <cohort/primary/supervisor.hpp>

#include <cohort/base/try.hpp>
#include <cohort/process/exit_reason.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <ranges>
#include <utility>

namespace cohort::primary {

worker_ptr supervisor::find(std::uint32_t id) const
{
    const auto at = workers_.find(id);
    return at == workers_.end() ? nullptr : at->second;
}

seat* supervisor::seat_of(const worker_handle& who) noexcept
{
    if (who.slot() >= seats_.size())
        return nullptr;
    seat& at = *seats_[who.slot()];
    return at.tenant.get() == &who ? &at : nullptr;
}

result<> supervisor::retire(std::uint32_t id)
{
    const worker_ptr who = find(id);
    if (!who)
        return failed(errc::no_such_worker, "disconnect worker", std::to_string(id));
    if (seat* const at = seat_of(*who))
        feed(*at, cause::drain_asked);
    return {};
}

void supervisor::retire_all(nanoseconds budget, finality then)
{
    // Of those who leave from now on: a scaling from yesterday is nobody's business any more.
    if (!retiring_)
        forced_.clear();
    retiring_ = true;
    final_ = final_ || then == finality::last;
    drain_budget_ = budget;
    dealer_.sweep();
    for (const auto& at : seats_)
        feed(*at, cause::drain_asked);
    // With nobody to wait for, no end of a worker will do it.
    if (empty() && !final_)
        retiring_ = false;
    close_doors_if_done();
    changed_.notify_all();
}

void supervisor::turn_readiness_off()
{
    unready_ = true;
    for (const auto& [id, who] : workers_)
        tell_readiness_off(*who);
}

void supervisor::tell_readiness_off(worker_handle& who)
{
    if (who.is_stranger())
        return;  // it would not know what we mean
    auto letter = ipc::letter(ipc::kind::readiness_off);
    static_cast<void>(who.channel().try_send(letter));
}

void supervisor::kill_all()
{
    retiring_ = true;
    final_ = true;
    killing_ = true;
    for (const auto& at : seats_) {
        feed(*at, cause::drain_asked);
        order_keeper(*at, process::keeper_order::hold);
        if (at->tenant)
            at->tenant->condemn({death_cause::stop_timeout, "the cohort was ended at once"});
        signal(*at, SIGKILL);
    }
}

void supervisor::close_doors_if_done()
{
    if (!final_ || listeners_.closed())
        return;
    const auto accepts = [](const auto& each) {
        if (each.second->is_stranger())  // it does not tell; who was asked to leave takes nothing
            return !each.second->dead() && !each.second->leaving();
        return each.second->connected() && !each.second->said_leaving();
    };
    if (std::ranges::any_of(workers_, accepts))
        return;
    // Every queue was swept by who served it. Who comes now is told so at once, by the kernel,
    // instead of waiting for an answer until the last worker has finished.
    dealer_.sweep();
    dealer_.close();
    listeners_.close();
}

std::vector<std::uint32_t> supervisor::take_forced()
{
    const auto taken = std::exchange(forced_, {});
    return {taken.begin(), taken.end()};
}

result<> supervisor::kill(std::uint32_t id, int number)
{
    const worker_ptr who = find(id);
    if (!who)
        return failed(errc::no_such_worker, "signal worker", std::to_string(id));
    who->condemn({death_cause::operator_,
                  fmt::format("an operator, or the program itself, had {} sent",
                              process::signal_name(number)),
                  number});
    return who->process().signal(number);
}

result<> supervisor::scale(unsigned wanted)
{
    if (wanted < 1 || wanted > board_.slots())
        return failed(errc::bad_value, "scale to", std::to_string(wanted));
    if (retiring_)
        return failed(errc::stopping, "scale to", std::to_string(wanted));
    // Whoever is one more for a while (reload, recycling) is no part of the number.
    const auto is = [](stage which) {
        return [which](const auto& s) { return !s->extra && s->life && s->life->now() == which; };
    };
    const auto lives = [](const auto& s) {
        return !s->extra && s->life &&
               (s->life->now() == stage::booting || s->life->now() == stage::serving ||
                s->life->now() == stage::replacing);
    };
    const auto count = [&](const auto& which) {
        return static_cast<unsigned>(std::ranges::count_if(seats_, which));
    };
    auto have = count(lives) + count(is(stage::resting));
    const auto give_up = [&](const auto& which, unsigned how_many) {
        for (const auto& at : std::views::reverse(seats_)) {
            if (how_many == 0)
                return;
            if (!which(at))
                continue;
            feed(*at, cause::drain_asked);
            --how_many;
        }
    };
    const auto is_held = [](const auto& s) {
        return s->life && (s->life->now() == stage::held || s->life->now() == stage::withdrawing);
    };
    have += count(is_held);  // an operator keeps them empty, and will want them back
    // Seats without a worker first: whoever serves shall not leave for one that does not.
    if (const auto all = have + count(is(stage::parked)); all > wanted)
        give_up(is(stage::parked), all - wanted);
    if (have > wanted) {
        const unsigned too_many = std::min(have - wanted, count(is_held));
        give_up(is_held, too_many);
        have -= too_many;
    }
    if (have > wanted)
        give_up(is(stage::resting), have - wanted);
    if (const auto living = count(lives) + count(is_held); living > wanted)
        give_up(lives, living - wanted);
    const unsigned before = wanted_;
    note_wanted(wanted);
    for (; have < wanted; ++have) {
        const auto born = one_more();
        if (born)
            continue;
        // Not half of it: who asks again shall find what was there.
        if (before != 0 && before < wanted)
            static_cast<void>(scale(before));
        return std::unexpected(born.error());
    }
    return {};
}

result<> supervisor::set_number(config::worker_count said)
{
    if (said.is_automatic())
        return failed(errc::bad_value, "scale to", "no number");
    // First: who dies in between, or cannot fork all of them, shall not leave a number that the
    // next look at the load takes back.
    const auto before = said_;
    note_said(said);
    if (auto scaled = scale(said.resolve(wanted_)); !scaled) {
        const error_code why = scaled.error().why();
        if (why == errc::bad_value || why == errc::stopping)
            note_said(before);
        return scaled;
    }
    changed_.notify_all();  // the number may be what it was, and who keeps it another
    return {};
}

config::worker_count supervisor::number() const { return said_.value_or(settings().workers); }

/// For the number that we keep: who cannot be born now comes later.
result<> supervisor::one_more()
{
    COHORT_TRY(seat * at, seat_for(std::nullopt));
    at->replaced_when_dead = upkeep_ == upkeep::automatic;
    at->plan = {};
    at->of = current_;
    const auto born = fill(*at);
    if (born)
        return {};
    if (!at->replaced_when_dead)
        return std::unexpected(born.error());
    try_again(*at, born.error());
    return {};
}

/// Nobody sits there, and somebody shall: after a pause, as if one had died at its start.
void supervisor::try_again(seat& at, const fault& why)
{
    at.life.emplace();
    not_born(at, why);
}

result<> supervisor::revive(std::uint32_t slot)
{
    if (slot >= seats_.size() || !seats_[slot]->life || seats_[slot]->life->now() != stage::parked)
        return failed(errc::bad_value, "revive slot", std::to_string(slot));
    if (retiring_)
        return failed(errc::stopping, "revive slot", std::to_string(slot));
    seats_[slot]->crashes.forgive();
    feed(*seats_[slot], cause::revived);
    return {};
}

result<> supervisor::hold(std::uint32_t slot)
{
    if (slot >= seats_.size() || seats_[slot]->vacant())
        return failed(errc::no_such_worker, "drain slot", std::to_string(slot));
    seat& at = *seats_[slot];
    const stage before = at.life->now();
    feed(at, cause::hold_asked);
    const stage after = at.life->now();
    if (after != stage::withdrawing && after != stage::held)
        return failed(errc::bad_value, "drain a slot that is", name(before));
    return {};
}

result<> supervisor::resume(std::uint32_t slot)
{
    if (slot >= seats_.size() || seats_[slot]->vacant())
        return failed(errc::no_such_worker, "resume slot", std::to_string(slot));
    seat& at = *seats_[slot];
    const stage now = at.life->now();
    if (now != stage::held && now != stage::parked)
        return failed(errc::bad_value, "resume a slot that is", name(now));
    if (retiring_)
        return failed(errc::stopping, "resume slot", std::to_string(slot));
    if (at.keeper || at.tenant)
        return failed(errc::queue_full, "resume slot", std::to_string(slot));
    at.of = current_;  // also if there was a reload meanwhile
    at.crashes.forgive();
    feed(at, cause::revived);
    return {};
}

bool supervisor::empty() const noexcept
{
    return workers_.empty() && std::ranges::all_of(seats_, [](const auto& at) {
               return !at->keeper && (at->vacant() || at->life->now() == stage::parked);
           });
}

unsigned supervisor::parked() const noexcept
{
    const auto is = [](const auto& at) { return at->life && at->life->now() == stage::parked; };
    return static_cast<unsigned>(std::ranges::count_if(seats_, is));
}

bool supervisor::all_parked() const noexcept { return empty() && parked() > 0; }

const exit_status* supervisor::end_of(std::uint32_t id) const noexcept
{
    const auto at = ends_.find(id);
    return at == ends_.end() ? nullptr : &at->second;
}

awaitable<> supervisor::close()
{
    pulse_timer_.cancel();
    dealer_.close();
    for (const auto& at : seats_)
        disarm(*at);
    tasks_.stop();
    co_await tasks_.join();
    for (const auto& at : seats_)
        bounds_.remove(at->group);
}

}  // namespace cohort::primary
