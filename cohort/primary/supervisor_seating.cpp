// How a supervisor looks at its workers: their beats, their loads, their inboxes, and where they
// count.

#include <cohort/primary/supervisor.hpp>

#include <cohort/board/reading.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/stranger.hpp>

namespace cohort::primary {

void supervisor::feel_pulse()
{
    pulse_timer_.expires_after(pulse_.period());
    pulse_timer_.async_wait([this](const error_code& ec) {
        if (ec)
            return;
        if (pulse_.look(now())) {
            for (const auto& at : seats_) {
                if (!at->life || at->life->now() != stage::serving || !at->tenant)
                    continue;
                const board::slot& row = board_.row(at->slot);
                // A kept worker's successor may sit there before we have heard of it.
                if (board::pid_of(row.tenant.load(std::memory_order_acquire)) !=
                    at->tenant->info().pid)
                    continue;
                auto beat = row.beat_ns.load(std::memory_order_acquire);
                // A program that does not ping us has nothing to fall silent with.
                if (at->tenant->is_stranger() && !at->tenant->unknown()->pinged)
                    continue;
                // Its hello ended the boot deadline; the first beat is due from then on.
                if (const auto since = at->tenant->online_since(); beat == 0 && since)
                    beat = static_cast<std::uint64_t>(since->time_since_epoch().count());
                if (!pulse_.silent(beat))
                    continue;
                // Others that were ended come first: whatever stops them all shall not end them
                // all.
                doom hung{death_cause::hang,
                          "its event loop was silent for longer than " +
                              config::text_of(at->of->settings().health.heartbeat)};
                if (const std::uint32_t id = at->tenant->id();
                    end_ill(at->slot, id, std::move(hung)))
                    log::error("worker {} is silent: its event loop has stopped; it is ended", id);
            }
        } else {
            log::warn("this process slept longer than it meant to; judging nobody this time");
        }
        feel_pulse();
    });
}

void supervisor::loads(std::uint32_t endpoint, std::vector<net::load>& into)
{
    for (const auto& at : seats_) {
        if (!at->tenant || !at->tenant->connected() || !at->life ||
            at->life->now() != stage::serving || !listeners_.holds(endpoint, at->tenant->id()))
            continue;
        const auto row = board::read(board_.row(at->slot));
        if (!row)
            continue;
        into.push_back({.slot = at->slot,
                        .connections_open = row->connections_open,
                        .lanes_busy = row->lanes_busy,
                        .lanes = row->lanes,
                        .inbox_taken_total = row->inbox_taken_total,
                        .accepting = row->accepting});
    }
}

int supervisor::give_end(std::uint32_t slot) { return seats_.at(slot)->inbox.give.borrow(); }
int supervisor::take_end(std::uint32_t slot) { return seats_.at(slot)->inbox.take.borrow(); }

void supervisor::inboxes(std::vector<inbox_state>& into)
{
    for (const auto& at : seats_) {
        inbox_state seen{.slot = at->slot};
        if (const auto row = board::read(board_.row(at->slot))) {
            seen.tenant = row->tenant;
            seen.taken_total = row->inbox_taken_total;
        }
        into.push_back(seen);
    }
}

result<worker_ptr> supervisor::spawn(seat& at)
{
    return keeps(at) ? spawn_kept(at) : spawn_plain(at);
}

/// Before anything is born that shall be in it.
void supervisor::prepare_group(seat& at)
{
    auto next = bounds_.group_for(at.slot, at.of->settings(), at.of->number());
    if (!next)
        bounds_.remove(at.group);
    at.group = std::move(next);
}

/// Twins are born where their keeper is: outside, or it would be killed for what they take. Nor do
/// they get the door, for a worker shall not put anybody anywhere.
void supervisor::put_in_group(seat& at, pid_t twin)
{
    if (!at.group)
        return;
    auto put = at.group->put(twin);
    if (!put && put.error().why().value() == ENODEV) {
        // While nobody was in it, somebody took it for that of a dead cohort.
        prepare_group(at);
        put = at.group ? at.group->put(twin) : result<>{};
    }
    if (!put && put.error().why().value() != ESRCH)
        log::warn("{}; going on without limit.memory", put.error().text());
}

void supervisor::remove_idle_groups() noexcept
{
    for (const auto& at : seats_) {
        if (at->free())
            bounds_.remove(at->group);
    }
}

}  // namespace cohort::primary
