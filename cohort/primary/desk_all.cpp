// Verbs of one slot, asked of all.

#include <cohort/primary/desk.hpp>

#include <cohort/primary/detail/change_of.hpp>
#include <cohort/primary/detail/requests.hpp>

#include <cohort/async/stop.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace cohort::primary {

using namespace detail;

namespace {

/// Somebody is there, or comes again by itself.
bool is_filled(const slot_view& seat)
{
    const bool over =
        seat.now == stage::held || seat.now == stage::parked || seat.now == stage::gone;
    return !over || seat.worker || seat.keeper != 0;
}

/// Who will not, or not yet, leave its slot for good when asked to; empty: everybody does.
class unwilling {
public:
    explicit unwilling(std::vector<std::uint32_t> all) noexcept
        : slots_{std::move(all)}
    {}

    /// Once more, who would not before: a worker of an older time may have made room for another.
    void ask(supervisor& of)
    {
        why_.clear();
        std::erase_if(slots_, [&](std::uint32_t slot) {
            const auto held = of.hold(slot);
            if (!held && held.error().why() != errc::no_such_worker)
                why_ = held.error().text();
            return held || held.error().why() == errc::no_such_worker;
        });
    }
    [[nodiscard]] const std::string& why() const noexcept { return why_; }

private:
    std::vector<std::uint32_t> slots_;
    std::string why_;  // of the last one
};

std::size_t count_at(const std::vector<slot_view>& seats, stage where)
{
    return static_cast<std::size_t>(std::ranges::count(seats, where, &slot_view::now));
}

}  // namespace

awaitable<answer> desk::drain_all(request what, asker& to)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    supervisor& all = with_.workers;
    unwilling left_to_ask{all.filled_slots()};
    const steady_time until = end_of(what);
    const auto filled = [&] {
        const auto seats = all.view();
        return static_cast<std::size_t>(std::ranges::count_if(seats, is_filled));
    };
    left_to_ask.ask(all);
    std::size_t leaving = filled();
    for (std::size_t told = 0; leaving != 0 && now() < until && !stopped(stop);) {
        if (std::exchange(told, leaving) != leaving)
            to.tell(progress{plural(leaving, "worker") + " left"});
        co_await change_of(all, until);
        left_to_ask.ask(all);
        leaving = filled();
    }
    boost::json::object numbers{{"held", count_at(all.view(), stage::held)}};
    if (leaving != 0) {
        std::string words = plural(leaving, "worker") + " still finishing; it goes on";
        if (!left_to_ask.why().empty())
            words += "; " + left_to_ask.why();
        co_return answer{exit_code::timed_out, std::move(words), std::move(numbers)};
    }
    co_return answer{exit_code::done, "all slots are empty until they are resumed",
                     std::move(numbers)};
}

awaitable<answer> desk::resume_all(request what, asker& to)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    supervisor& all = with_.workers;
    const steady_time until = end_of(what);
    head_count seen = count(all.view());
    for (std::size_t told = 0; now() < until && !stopped(stop);) {
        // Whose worker has not quite left is asked again; who was tried and is parked again is not.
        for (const slot_view& each : all.view()) {
            if (each.now != stage::held)
                continue;
            const auto done = all.resume(each.slot);
            if (!done && done.error().why() != errc::queue_full)
                co_return refusal(done.error());
        }
        seen = count(all.view());
        if (seen.settled() && seen.held == 0)
            break;
        if (std::exchange(told, seen.serving) != seen.serving)
            to.tell(progress{plural(seen.serving, "worker") + " serving"});
        co_await change_of(all, until);
        seen = count(all.view());
    }
    const std::string words = plural(seen.serving, "worker") + " serving";
    boost::json::object numbers{{"serving", seen.serving}, {"parked", seen.parked}};
    if (!seen.settled() || seen.held != 0)
        co_return answer{exit_code::timed_out, words + "; it goes on", std::move(numbers)};
    if (seen.parked != 0)
        co_return answer{exit_code::degraded,
                         words + ", " + plural(seen.parked, "slot") + " parked",
                         std::move(numbers)};
    co_return answer{exit_code::done, words, std::move(numbers)};
}

}  // namespace cohort::primary
