#include <cohort/primary/usher.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/primary/shortage.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

namespace {

/// On top of the time that a worker has to leave: aborting and killing take theirs.
constexpr nanoseconds leaving_slack = 10s;
constexpr nanoseconds look_again = 20ms;  // at what changes without a sound

}  // namespace

fault usher::because(std::string words)
{
    return {make_error_code(errc::answer_failed), "seat workers", std::move(words)};
}

awaitable<result<>> usher::seat_extra(generation_ptr of, std::optional<std::uint32_t>& where)
{
    const auto slot = of_->seat_extra(of);
    if (!slot)
        co_return std::unexpected(because(slot.error().text()));
    where = *slot;
    auto ready = co_await until_ready(*slot, of);
    co_return ready;
}

awaitable<result<>> usher::see_out(std::uint32_t slot)
{
    of_->empty_seat(slot);
    auto gone = co_await until_free(slot);
    co_return gone;
}

awaitable<result<>> usher::until_free(std::uint32_t slot)
{
    question look = [this, slot]() -> std::optional<result<>> {
        if (of_->look_at(slot).free)
            return result<>{};
        return std::nullopt;
    };
    const nanoseconds budget = of_->current()->settings().stop.timeout + leaving_slack;
    auto done = co_await until(std::move(look), budget);
    if (!done && done.error().why() == errc::deadline_passed)
        co_return std::unexpected(
            because(fmt::format("the worker of slot {} does not leave", slot)));
    co_return done;
}

awaitable<result<>> usher::seat(std::uint32_t slot, generation_ptr of)
{
    // Whoever cannot be born for want of something is tried again, and waited for.
    if (const auto seated = of_->seat_again(slot, of);
        !seated && !is_shortage(seated.error().why()))
        co_return std::unexpected(
            because(fmt::format("slot {} got no worker: {}", slot, seated.error().text())));
    auto ready = co_await until_ready(slot, of);
    co_return ready;
}

awaitable<result<>> usher::until_ready(std::uint32_t slot, generation_ptr of)
{
    const nanoseconds budget = of->settings().ready.timeout;
    question look = [this, slot]() -> std::optional<result<>> {
        const seat_view seen = of_->look_at(slot);
        if (seen.misfortunes > 0)
            return std::unexpected(because(fmt::format(
                "the worker of slot {} failed at its start: {}", slot, seen.last_misfortune)));
        if (seen.ready)
            return result<>{};
        return std::nullopt;
    };
    auto done = co_await until(std::move(look), budget);
    if (!done && done.error().why() == errc::deadline_passed)
        co_return std::unexpected(
            because(fmt::format("the worker of slot {} was not ready within {} ms", slot,
                                std::chrono::duration_cast<milliseconds>(budget).count())));
    co_return done;
}

awaitable<result<>> usher::until(question settled, nanoseconds budget)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time end = now() + budget;
    while (!stopped(stop)) {
        if (const auto answer = settled())
            co_return *answer;
        if (of_->retiring())
            co_return failed(errc::stopping, "seat workers", "the cohort is stopping");
        const nanoseconds left = end - now();
        if (left <= 0ns)
            co_return failed(errc::deadline_passed, "seat workers");
        auto race = of_->change() || sleep_for(std::min(look_again, left));
        co_await std::move(race);
    }
    co_return failed(errc::cancelled, "seat workers");
}

}  // namespace cohort::primary
