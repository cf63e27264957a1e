// Verbs of one slot, asked of all.

#include <cohort/primary/desk.hpp>

#include <cohort/primary/detail/requests.hpp>

#include <cohort/async/stop.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cohort::primary {

using control::answer;
using control::asker;
using control::exit_code;
using control::progress;
using control::request;
using namespace detail;

namespace {

std::size_t count_at(const std::vector<slot_view>& seats, stage where)
{
    return static_cast<std::size_t>(std::ranges::count(seats, where, &slot_view::now));
}

}  // namespace

awaitable<answer> desk::drain_all(request what, asker& to)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    supervisor& all = with_.workers;
    // A parked slot is empty already: what says so is no failure.
    for (const std::uint32_t slot : all.filled_slots())
        static_cast<void>(all.hold(slot));
    const steady_time until = end_of(what);
    std::size_t leaving = count_at(all.view(), stage::withdrawing);
    for (std::size_t told = 0; leaving != 0 && now() < until && !stopped(stop);) {
        if (std::exchange(told, leaving) != leaving)
            to.tell(progress{plural(leaving, "worker") + " left"});
        co_await change(until);
        leaving = count_at(all.view(), stage::withdrawing);
    }
    boost::json::object numbers{{"held", count_at(all.view(), stage::held)}};
    if (leaving != 0)
        co_return answer{exit_code::timed_out,
                         plural(leaving, "worker") + " still finishing; it goes on",
                         std::move(numbers)};
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
        co_await change(until);
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
