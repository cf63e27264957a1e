// What a supervisor shows to those who judge living workers, and does for them.

#include <cohort/primary/supervisor.hpp>

#include <cohort/board/reading.hpp>
#include <cohort/observe/log.hpp>

#include <algorithm>

namespace cohort::primary {

std::vector<tenant_view> supervisor::tenants() const
{
    std::vector<tenant_view> list;
    for (const auto& at : seats_) {
        if (!at->tenant || at->tenant->dead() || !at->life || at->life->now() != stage::serving)
            continue;
        tenant_view seen;
        const worker_info info = at->tenant->info();
        seen.slot = at->slot;
        seen.id = info.id;
        seen.pid = info.pid;
        seen.born = info.born;
        seen.of = at->of;
        seen.kept_up = at->replaced_when_dead;
        seen.extra = at->extra;
        // A kept worker's successor may sit there before we have heard of it.
        seen.row =
            board::read(board_.row(at->slot), board::tenant_of(board_.generation(), info.pid));
        list.push_back(std::move(seen));
    }
    return list;
}

unsigned supervisor::extras() const noexcept
{
    return static_cast<unsigned>(
        std::ranges::count_if(seats_, [](const auto& s) { return s->extra && !s->free(); }));
}

unsigned supervisor::seats_taken() const noexcept
{
    return static_cast<unsigned>(
        std::ranges::count_if(seats_, [](const auto& s) { return !s->extra && !s->vacant(); }));
}

unsigned supervisor::ill() const noexcept
{
    return static_cast<unsigned>(std::ranges::count_if(seats_, [](const auto& s) {
        return s->ill && s->life && s->life->now() != stage::parked && !s->vacant();
    }));
}

bool supervisor::end_ill(std::uint32_t slot, std::uint32_t worker)
{
    if (slot >= seats_.size())
        return false;
    seat& at = *seats_[slot];
    if (!at.tenant || at.tenant->id() != worker || !at.life || at.life->now() != stage::serving)
        return false;
    if (ill() >= at.of->settings().health.at_once)
        return false;
    at.ill = true;
    feed(at, cause::deadline);
    return true;
}

}  // namespace cohort::primary
