// What a reload leaves to do when a process dies that it needed: its mold, or the primary.

#include <cohort/primary/reloading.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/backoff.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

namespace {

void log_if_bad(std::uint32_t slot, const result<>& done)
{
    if (!done)
        log::error("slot {}: {}; going on", slot, done.error().text());
}

}  // namespace

awaitable<> reloading::keep_mold()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    backoff pauses{100ms, 30s};
    while (!stopped(stop)) {
        const generation_ptr of = of_.current();
        if (!of->needs_mold()) {
            co_await of_.change();
            continue;
        }
        if (const std::shared_ptr<mold> there = of->maker) {
            // Deadline: none, it lives as long as its generation.
            auto race = there->ended() || of_.change();
            co_await std::move(race);
            if (!there->alive() && of->maker == there) {
                log::warn("the mold of generation {} ended; it is started again", of->number());
                of->maker.reset();
            }
            continue;
        }
        auto begun = begin_mold(of->binary);
        result<config::settings> ready;
        if (begun)
            ready = co_await mold::ready(*begun, of->settings().ready.timeout);
        if (begun && ready) {
            of->maker = *begun;
            pauses.reset();
            of_.wake();
            continue;
        }
        log::error("generation {} has no mold: {}; trying again", of->number(),
                   begun ? ready.error().text() : begun.error().text());
        co_await sleep_for(pauses.next());
    }
}

awaitable<> reloading::put_right()
{
    busy_ = true;
    mending_ = true;
    // Whoever was asked to leave, leaves; then the lowest slots are filled, the extra workers go,
    // and what is left of the unfinished generation is replaced: there are never too few.
    // (The number may change meanwhile: nobody is refused for this.)
    for (const std::uint32_t slot : of_.filled_slots()) {
        if (of_.look_at(slot).leaving) {
            auto gone = co_await seats_.until_free(slot);
            log_if_bad(slot, gone);
        }
    }
    for (std::uint32_t slot = 0; slot < of_.wanted(); ++slot) {
        if (const seat_view seen = of_.look_at(slot); !seen.vacant || seen.stopped)
            continue;
        auto filled = co_await seats_.until_free(slot);
        if (filled)
            filled = co_await seat_at(slot, of_.current());
        log_if_bad(slot, filled);
    }
    const std::uint32_t number = of_.current()->number();
    for (const std::uint32_t slot : of_.filled_slots()) {
        const bool extra = slot >= of_.wanted();
        if (!extra && of_.look_at(slot).generation == number)
            continue;
        log::warn("slot {}: a reload was interrupted; {}", slot,
                  extra ? "its extra worker leaves" : "it is of the old generation again");
        result<> done;
        if (extra) {
            done = co_await seats_.see_out(slot);
        } else {
            done = co_await replace(slot, of_.current());
        }
        log_if_bad(slot, done);
    }
    mending_ = false;
    busy_ = false;
}

}  // namespace cohort::primary
