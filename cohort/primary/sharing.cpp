#include <cohort/primary/sharing.hpp>

#include <algorithm>

namespace cohort::primary {

std::vector<gift> gifts_for(std::uint32_t newcomer, std::span<const net::load> all)
{
    const auto its = std::ranges::find(all, newcomer, &net::load::slot);
    if (its == all.end() || !its->accepting)
        return {};
    std::uint64_t sum = 0;
    for (const net::load& each : all)
        sum += each.connections_open;
    const std::uint64_t average = sum / all.size();
    const std::uint64_t share = std::max<std::uint64_t>(average, sum == 0 ? 0 : 1);
    const std::uint64_t has = its->connections_open;
    if (has + share / 8 >= share)
        return {};

    std::vector<gift> gifts;
    std::uint64_t missing = share - has;
    // Each its part of what is still missing: the last one gives what rounding has left.
    std::uint64_t spare = 0;
    const auto spared_by = [&](const net::load& one) -> std::uint64_t {
        return one.slot == newcomer || one.connections_open <= average
                   ? 0
                   : one.connections_open - average;
    };
    for (const net::load& each : all)
        spare += spared_by(each);
    for (const net::load& each : all) {
        const std::uint64_t can = spared_by(each);
        if (can == 0 || missing == 0)
            continue;
        const std::uint64_t part = std::min({can, (missing * can + spare - 1) / spare, missing});
        spare -= can;
        missing -= part;
        gifts.push_back(
            {each.slot, static_cast<std::uint32_t>(std::min<std::uint64_t>(part, gift_max))});
    }
    return gifts;
}

bool can_take_from(const listeners& doors, std::uint32_t newcomer, std::uint32_t giver)
{
    return std::ranges::all_of(doors.all(), [&](const auto& each) {
        const open_endpoint& at = *each.second;
        return at.datagrams() || !at.holders.contains(giver) || at.holders.contains(newcomer);
    });
}

sharing_rounds::step sharing_rounds::look(const net::load& its, bool missing, bool more_come,
                                          steady_time now) noexcept
{
    // What others pass on to it afresh counts as well: the next round begins a little earlier then.
    taken_ = its.inbox_taken_total;
    if (taken_ - before_ < awaited_ && now < ends_)
        return step::wait;
    if (missing)
        return step::ask;
    return more_come ? step::wait : step::done;
}

void sharing_rounds::asked(std::uint32_t connections, steady_time now) noexcept
{
    before_ = taken_;
    awaited_ = connections;
    ends_ = now + giving_longest;
}

}  // namespace cohort::primary
