// What comes of connections that were served elsewhere, and where those of ours may go.

#include <cohort/worker/hall.hpp>

#include <cohort/board/flight.hpp>
#include <cohort/observe/log.hpp>

#include <algorithm>
#include <utility>

namespace cohort::work {

namespace {

/// For a connection that nobody can take. Who restarts where it came from is back by then.
constexpr nanoseconds homeless_longest = std::chrono::seconds{10};

}  // namespace

void hall::share(const ipc::share_order& order) noexcept
{
    if (share_ && !closing_ && !orphaned_ && order.slot != slot_)
        share_(order);
}

bool hall::move_to(std::uint32_t slot, unique_fd& connection, net::handover about) noexcept
{
    if (closing_ || !address(connection, about))
        return false;
    look_around();
    const auto to = std::ranges::find(loads_, slot, &net::load::slot);
    return to != loads_.end() && to->accepting && give(slot, connection, about);
}

bool hall::take_over(unique_fd& connection, const net::handover& about) noexcept
{
    if (!moved_ || !moved_(connection, about))
        return false;
    board::flight::count(
        {.kind = board::flight_kind::taken, .number = static_cast<std::uint16_t>(about.from_slot)});
    return true;
}

/// It goes on here only where we serve what its client has called: another endpoint may mean
/// another program. What we have had ourselves is ours.
void hall::came_moved(net::arrival got, bool listens_there) noexcept
{
    const int number = got.connection.borrow();
    const bool ours = listens_there || got.about.from_slot == slot_;
    if (!closing_ && ours && take_over(got.connection, got.about)) {
        served(number, got.about.ticket);
        return;
    }
    if (!closing_) {
        // A loop that serves others does not wait: the next beat looks again.
        homeless_.push_back({std::move(got.connection), got.about, now()});
        return;
    }
    served(number, got.about.ticket);
    if (!move_on(got.connection, got.about))
        log::warn("closed a connection that was handed over: nobody can take it");
}

void hall::house_homeless() noexcept
{
    for (homeless& each : std::exchange(homeless_, {})) {
        const door* const at = find(each.about.endpoint);
        const bool ours = at != nullptr && at->is_open();
        const int number = each.connection.borrow();
        if (!closing_ && ours && take_over(each.connection, each.about)) {
            served(number, each.about.ticket);
            continue;
        }
        served(number, std::exchange(each.about.ticket, 0));
        if (closing_ ? move_on(each.connection, each.about)
                     : pass_around(each.connection, each.about))
            continue;
        if (closing_ || now() - each.since > homeless_longest)
            log::warn("closed a connection that was handed over: nobody serves where it came from");
        else
            homeless_.push_back(std::move(each));
    }
}

/// To the next slot: who is asked in turn is found in the end, whoever knows what.
bool hall::pass_around(unique_fd& connection, net::handover about) noexcept
{
    look_around();
    std::ranges::rotate(loads_, std::ranges::upper_bound(loads_, slot_, {}, &net::load::slot));
    return std::ranges::any_of(loads_, [&](const net::load& each) {
        return each.slot != slot_ && each.accepting && give(each.slot, connection, about);
    });
}

}  // namespace cohort::work
