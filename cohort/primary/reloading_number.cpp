// How many workers there are after a reload.

#include <cohort/primary/reloading.hpp>

#include <cohort/base/try.hpp>
#include <cohort/primary/scaling.hpp>
#include <cohort/process/cpu_quota.hpp>

#include <fmt/format.h>

#include <utility>

namespace cohort::primary {

unsigned reloading::wanted_after(config::worker_count before) const
{
    const config::worker_count& after = next_->settings().workers;
    const unsigned quota = after.is_automatic() && after != before
                               ? process::read_cpu_quota().workers(board::slots_max)
                               : 0;
    return number_after({.before = before, .after = after},
                        {.present = of_.wanted(), .quota = quota});
}

/// As many workers as the settings say, if they say something else than before; otherwise as many
/// as there are: somebody may have set that by hand.
awaitable<result<>> reloading::fit_number(config::worker_count before)
{
    const config::settings& now_set = of_.current()->settings();
    if (now_set.workers == before)
        co_return result<>{};
    COHORT_CO_TRY(of_.scale(of_.wanted()));
    tell_(fmt::format("{} workers wanted", of_.wanted()));
    const nanoseconds budget = now_set.ready.timeout + now_set.stop.timeout;
    usher::question look = [this]() -> std::optional<result<>> {
        for (const std::uint32_t slot : of_.filled_slots()) {
            const seat_view seen = of_.look_at(slot);
            if (seen.leaving || !(seen.ready || seen.parked))
                return std::nullopt;
        }
        return result<>{};
    };
    auto done = co_await seats_.until(std::move(look), budget);
    co_return done;
}

}  // namespace cohort::primary
