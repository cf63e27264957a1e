// How a worker that begins to serve gets its part of the connections that others have.

#include <cohort/primary/supervisor.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/sharing.hpp>

#include <algorithm>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds settling_longest = 10s;
constexpr nanoseconds look_again = 20ms;  // at what changes without a sound

}  // namespace

/// Connections go from server to server with keepers only. And where clients have their workers,
/// nobody takes them away.
bool supervisor::can_share(const seat& at) const noexcept
{
    return at.tenant && at.tenant->is_kept() && at.tenant->connected() && !at.tenant->leaving() &&
           at.tenant->listening_since() && at.life && at.life->now() == stage::serving &&
           settings().balance != config::policy::sticky;
}

std::vector<net::load> supervisor::shares() const
{
    std::vector<net::load> all;
    for (const auto& at : seats_) {
        if (!can_share(*at))
            continue;
        const auto row = board::read(board_.row(at->slot));
        if (row && board::pid_of(row->tenant) == at->tenant->info().pid)
            all.push_back({.slot = at->slot,
                           .connections_open = row->connections_open,
                           .inbox_taken_total = row->inbox_taken_total,
                           .accepting = row->accepting && row->beat_ns != 0});
    }
    return all;
}

/// One round: orders go out. Returns how many connections were asked for.
std::uint32_t supervisor::ask_to_share(std::uint32_t newcomer, const std::vector<net::load>& all)
{
    std::uint32_t asked = 0;
    for (const gift& each : gifts_for(newcomer, all)) {
        ipc::share_order words;
        words.slot = newcomer;
        words.connections = each.connections;
        words.budget = sharing_rounds::giving_longest;
        auto letter = ipc::letter(ipc::kind::share, ipc::encode(words));
        if (seats_[each.from]->tenant->channel().try_send(letter))
            asked += each.connections;
    }
    return asked;
}

awaitable<> supervisor::settle_in(worker_ptr who)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time until = now() + settling_longest;
    const std::uint32_t slot = who->slot();
    sharing_rounds rounds;
    std::uint32_t asked = 0;
    std::uint32_t has = 0;
    while (!stopped(stop) && now() < until) {
        co_await sleep_for(look_again);
        if (stopped(stop) || who->dead() || who->leaving() || seats_[slot]->tenant != who)
            break;
        std::vector<net::load> all = shares();
        const bool more_come =
            std::erase_if(all, [&](const net::load& each) {
                return !can_take_from(listeners_, who->id(), seats_[each.slot]->tenant->id());
            }) != 0;
        const auto its = std::ranges::find(all, slot, &net::load::slot);
        if (its == all.end() || !its->accepting)
            continue;  // nor is it reachable for others before its first beat
        has = its->connections_open;
        const bool missing = !gifts_for(slot, all).empty();
        const auto next = rounds.look(*its, missing, more_come, now());
        if (next == sharing_rounds::step::done)
            break;
        if (next == sharing_rounds::step::wait)
            continue;
        const std::uint32_t now_asked = ask_to_share(slot, all);
        rounds.asked(now_asked, now());
        asked += now_asked;
    }
    if (asked != 0)
        log::info("others were asked to share with worker {}, which has {} connections now",
                  who->id(), has);
}

}  // namespace cohort::primary
