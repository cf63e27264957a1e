// What operators and the program ask of a supervisor.

#include <cohort/primary/supervisor.hpp>

#include <cohort/base/try.hpp>

#include <algorithm>
#include <csignal>
#include <ranges>

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

void supervisor::retire_all(nanoseconds budget)
{
    retiring_ = true;
    drain_budget_ = budget;
    dealer_.sweep();
    for (const auto& at : seats_)
        feed(*at, cause::drain_asked);
    changed_.notify_all();
}

void supervisor::kill_all()
{
    retiring_ = true;
    for (const auto& at : seats_) {
        feed(*at, cause::drain_asked);
        signal(*at, SIGKILL);
    }
}

result<> supervisor::kill(std::uint32_t id, int number)
{
    const worker_ptr who = find(id);
    if (!who)
        return failed(errc::no_such_worker, "signal worker", std::to_string(id));
    return who->process().signal(number);
}

result<> supervisor::scale(unsigned wanted)
{
    if (wanted < 1 || wanted > board_.slots())
        return failed(errc::bad_value, "scale to", std::to_string(wanted));
    if (retiring_)
        return failed(errc::stopping, "scale to", std::to_string(wanted));
    const auto filled = [](const auto& s) {
        return s->life && s->life->now() != stage::gone && s->life->now() != stage::draining &&
               s->life->now() != stage::leaving;
    };
    auto have = static_cast<unsigned>(std::ranges::count_if(seats_, filled));
    for (const auto& at : std::views::reverse(seats_)) {
        if (have <= wanted)
            break;
        if (!filled(at))
            continue;
        feed(*at, cause::drain_asked);
        --have;
    }
    wanted_ = wanted;
    for (; have < wanted; ++have) {
        COHORT_TRY(add({}));
    }
    return {};
}

result<> supervisor::revive(std::uint32_t slot)
{
    if (slot >= seats_.size() || !seats_[slot]->life || seats_[slot]->life->now() != stage::parked)
        return failed(errc::bad_value, "revive slot", std::to_string(slot));
    seats_[slot]->crashes.forgive();
    feed(*seats_[slot], cause::revived);
    return {};
}

bool supervisor::empty() const noexcept
{
    return workers_.empty() && std::ranges::all_of(seats_, [](const auto& at) {
               return at->vacant() || at->life->now() == stage::parked;
           });
}

bool supervisor::all_parked() const noexcept
{
    const auto parked = [](const auto& at) { return at->life && at->life->now() == stage::parked; };
    return empty() && std::ranges::any_of(seats_, parked);
}

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
}

}  // namespace cohort::primary
