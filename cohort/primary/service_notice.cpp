#include <cohort/primary/service_notice.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/observe/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

/// What killing takes, and writing the last lines.
constexpr nanoseconds stop_reserve = 5s;

}  // namespace

void service_notice::count(const supervisor& workers)
{
    const bool must_listen = !workers.current()->settings().listen.empty();
    ready_ =
        static_cast<std::size_t>(std::ranges::count_if(workers.workers(), [&](const auto& each) {
            const worker_info info = each.second->info();
            return info.connected && (info.state == worker_state::listening ||
                                      (!must_listen && info.state == worker_state::online));
        }));
}

bool service_notice::is_there(const supervisor& workers) const
{
    const std::size_t wanted = workers.wanted();
    return ready_ >= wanted || (ready_ > 0 && ready_ + workers.parked() >= wanted);
}

awaitable<> service_notice::watch(supervisor& workers, upkeep who,
                                  std::move_only_function<void()> at_start)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        count(workers);
        const std::size_t wanted = std::max<std::size_t>(workers.wanted(), ready_);
        std::string words = fmt::format("{} of {} workers ready", ready_, wanted);
        if (stopping_)
            words = fmt::format("stopping, {} workers left", workers.workers().size());
        else if (ready_ == wanted)
            words = fmt::format("{} workers ready", ready_);
        const bool there = who == upkeep::by_hand || (workers.wanted() > 0 && is_there(workers));
        if (!told_ready_ && !stopping_ && there) {
            told_ready_ = true;
            note(manager_.ready(words));
            at_start();
        } else if (words != last_) {
            note(manager_.status(words));
        }
        last_ = std::move(words);
        co_await workers.change();
    }
}

awaitable<> service_notice::keep_alive()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    if (!manager_.watchdog())
        co_return;
    const nanoseconds half = *manager_.watchdog() / 2;
    while (!stopped(stop)) {
        note(manager_.alive());
        co_await sleep_for(half);
    }
}

void service_notice::reload_began(std::string_view words) { note(manager_.reloading(words)); }

void service_notice::reload_ended(std::string_view words)
{
    if (stopping_)
        return;  // READY=1 would take that back
    note(manager_.ready(words));
    last_ = words;
}

void service_notice::stopping(nanoseconds budget)
{
    if (!std::exchange(stopping_, true))
        note(manager_.stopping("stopping"));
    note(manager_.extend(std::chrono::ceil<std::chrono::microseconds>(budget + stop_reserve)));
}

void service_notice::note(const result<>& said)
{
    if (said) {
        complained_ = false;
        return;
    }
    // Once: the next word may come in a second, and fail like this one.
    if (!std::exchange(complained_, true))
        log::warn("{}; going on", said.error().text());
}

}  // namespace cohort::primary
