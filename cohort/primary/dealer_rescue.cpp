// How a dealer gets connections back from slots that will not take them, and what it gives up.

#include <cohort/primary/dealer.hpp>

#include <cohort/net/inbox.hpp>
#include <cohort/observe/log.hpp>

#include <poll.h>

#include <algorithm>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds stuck_after = 500ms;  // with connections in its inbox, taking none
constexpr nanoseconds shun_stuck_for = 1s;
constexpr nanoseconds waiting_at_most = 30s;

bool anything_in(int take_end) noexcept
{
    pollfd ask{.fd = take_end, .events = POLLIN, .revents = 0};
    return ::poll(&ask, 1, 0) == 1 && (ask.revents & POLLIN) != 0;
}

}  // namespace

void dealer::empty_inbox(std::uint32_t slot, std::vector<parcel>& into)
{
    const int inbox = seats_.take_end(slot);
    for (;;) {
        auto next = net::take(inbox);
        if (!next && next.error().why() == errc::malformed)
            continue;
        if (!next || !*next)
            return;  // short of descriptors: it stays, and the successor finds it
        net::arrival& got = **next;
        if (got.about.from_slot == net::handover::from_primary) {
            if (auto back = book_.take_back(slot, got.about.sequence))
                into.push_back(*std::move(back));
            continue;
        }
        if (auto passed_on = custody_.receive(std::move(got), now()))
            into.push_back(*std::move(passed_on));
    }
}

void dealer::came_back(std::vector<parcel> homeless)
{
    // Backwards, since each goes to the front.
    for (auto each = homeless.rbegin(); each != homeless.rend(); ++each) {
        if (custody_.reclaim(*each))
            book_.wait_again(std::move(*each));
        else
            custody_.finish(std::move(*each));
    }
}

void dealer::slot_lost(std::uint32_t slot)
{
    std::erase_if(shunned_, [slot](const auto& each) { return each.first.first == slot; });
    lying_.erase(slot);
    std::vector<parcel> homeless;
    empty_inbox(slot, homeless);
    auto back = book_.take_back_all(slot);
    for (parcel& each : back.again)
        homeless.push_back(std::move(each));
    for (parcel& each : back.spent) {
        log::error("closed a connection of endpoint {}: {} workers died before they confirmed it",
                   each.endpoint, each.attempts);
        static_cast<void>(custody_.reclaim(each));
        custody_.finish(std::move(each));
    }
    came_back(std::move(homeless));
    look_again();
}

void dealer::slot_inherited(std::uint32_t slot)
{
    std::erase_if(shunned_, [slot](const auto& each) { return each.first.first == slot; });
    lying_.erase(slot);
}

void dealer::rescue_stuck()
{
    std::vector<seating::inbox_state> all;
    seats_.inboxes(all);
    const steady_time at = now();
    for (const seating::inbox_state& each : all) {
        if (!anything_in(seats_.take_end(each.slot))) {
            lying_.erase(each.slot);
            continue;
        }
        const auto known = lying_.find(each.slot);
        const bool moves = known == lying_.end() || known->second.seen.tenant != each.tenant ||
                           known->second.seen.taken_total != each.taken_total;
        if (moves) {
            lying_.insert_or_assign(each.slot, lying{each, at});
        } else if (at - known->second.since > stuck_after) {
            lying_.erase(known);
            rescue(each.slot);
        }
    }
}

void dealer::rescue(std::uint32_t slot)
{
    // What it has taken out may be served any moment; what still lies there is free.
    std::vector<parcel> homeless;
    empty_inbox(slot, homeless);
    if (homeless.empty())
        return;
    shun(slot, 0, shun_stuck_for);
    std::vector<parcel> moved;
    for (parcel& each : homeless) {
        if (!custody_.reclaim(each))
            custody_.finish(std::move(each));
        // Nobody else serves its endpoint: it is in good hands where it was.
        else if (anybody(each.endpoint) || !give_to(slot, each))
            moved.push_back(std::move(each));
    }
    if (!moved.empty())
        log::warn("slot {} does not take its connections; {} go elsewhere", slot, moved.size());
    came_back(std::move(moved));
}

void dealer::look_for_the_lost()
{
    if (!custody_.is_kept())
        return;
    std::vector<parcel> lost;
    for (const dealing_book::place at : book_.sent_before(now() - stuck_after)) {
        const parcel* const seen = book_.look(at);
        const bool theirs = custody_.was_taken(*seen);
        // What lies in the inbox is another matter. What does not, and has no owner, was in the
        // hands of a worker that died before it could write down that it had it.
        if (!theirs && anything_in(seats_.take_end(at.slot)))
            continue;
        auto back = book_.take_back(at.slot, at.sequence);
        if (theirs)
            custody_.finish(*std::move(back));
        else
            lost.push_back(*std::move(back));
    }
    came_back(std::move(lost));
}

void dealer::drop_waiting()
{
    std::size_t dropped = 0;
    while (book_.next())
        ++dropped;
    if (dropped != 0)
        log::warn("closed {} connections: every worker leaves, and nobody could take them",
                  dropped);
}

void dealer::give_up_old()
{
    while (book_.waiting() != 0) {
        auto first = book_.next();
        if (now() - first->accepted < waiting_at_most) {
            book_.wait_again(*std::move(first));
            return;
        }
        log::error("closed a connection of endpoint {}: nobody could take it for 30 s",
                   first->endpoint);
        custody_.finish(*std::move(first));
    }
}

}  // namespace cohort::primary
