#include <cohort/primary/mending.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/observe/log.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds look_period = 1s;

settling::shape shape_of(const std::vector<file_mark>& found, const std::vector<file_mark>& from)
{
    const bool whole =
        found.size() >= from.size() &&
        std::ranges::none_of(found, [](const file_mark& each) { return is_written_to(each.path); });
    return whole ? settling::shape::whole : settling::shape::unfinished;
}

}  // namespace

mending::mending(supervisor& of, std::function<bool()> held_back)
    : of_{of}, held_back_{std::move(held_back)}
{}

awaitable<> mending::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        if (of_.parked() == 0) {
            parked_.clear();
            co_await of_.change();
            continue;
        }
        if (!held_back_())
            look();
        co_await sleep_for(look_period);
    }
}

void mending::look()
{
    std::map<std::uint32_t, remnant> before = std::exchange(parked_, {});
    for (const slot_view& each : of_.view()) {
        const generation_ptr of = of_.generation_in(each.slot);
        if (each.now != stage::parked || !of)
            continue;
        const auto files = of->start_files();
        // Of what its last worker read: whoever mends a script may be faster than it dies.
        const auto from = of_.started_from(each.slot).value_or(files);
        if (auto known = before.extract(each.slot))
            parked_.insert(std::move(known));
        remnant& its = parked_.try_emplace(each.slot, remnant{settling{from}}).first->second;
        const auto shape = files == from ? settling::shape::whole : shape_of(files, from);
        if (its.files.look(files, shape, now()) == settling::verdict::settled) {
            parked_.erase(each.slot);
            log::info("slot {} is tried again: what its worker starts from has changed", each.slot);
            if (const auto tried = of_.revive(each.slot); !tried)
                log::warn("{}; it stays given up", tried.error().text());
            continue;
        }
        if (const auto newer = of->replaced_by(); newer && !std::exchange(its.told, true))
            log::warn("slot {} was given up, and {} is another file by now: `cohort reload` starts "
                      "that one; going on without the slot",
                      each.slot, *newer);
    }
}

}  // namespace cohort::primary
