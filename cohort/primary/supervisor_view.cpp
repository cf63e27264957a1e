// What others get to see of a supervisor.

#include <cohort/primary/supervisor.hpp>

#include <algorithm>

namespace cohort::primary {

namespace {

/// Who shall listen and has only said hello still boots, for whoever waits until it serves: its
/// port may be taken.
stage stage_of(const seat& at)
{
    const stage now = at.life ? at.life->now() : stage::gone;
    if (now != stage::serving || !at.tenant || !at.of || at.of->settings().listen.empty())
        return now;
    const worker_state its = at.tenant->info().state;
    const bool is_deaf = its == worker_state::none || its == worker_state::online;
    return is_deaf ? stage::booting : now;
}

}  // namespace

std::vector<slot_view> supervisor::view() const
{
    std::vector<slot_view> all;
    for (const auto& at : seats_) {
        if (at->vacant() && !at->tenant)
            continue;
        slot_view seen;
        seen.slot = at->slot;
        seen.now = stage_of(*at);
        seen.extra = at->extra;
        seen.deadline = at->deadline;
        seen.generation = at->of ? at->of->number() : 0;
        if (at->tenant && !at->tenant->dead()) {
            seen.worker = at->tenant->info();
            seen.online = at->tenant->online_since();
            const auto tenant = board::tenant_of(board_.generation(), seen.worker->pid);
            seen.row = board::read(board_.row(at->slot), tenant);
        }
        seen.memory_max = at->group ? at->group->bytes() : 0;
        if (at->keeper) {
            seen.keeper = at->keeper->process().pid();
            seen.standbys = static_cast<unsigned>(at->keeper->unnamed.size());
        }
        all.push_back(std::move(seen));
    }
    return all;
}

generation_ptr supervisor::generation_in(std::uint32_t slot) const
{
    return slot < seats_.size() ? seats_[slot]->of : nullptr;
}

std::optional<std::vector<file_mark>> supervisor::started_from(std::uint32_t slot) const
{
    return slot < seats_.size() ? seats_[slot]->started_from : std::nullopt;
}

std::vector<std::string> supervisor::endpoints() const
{
    std::vector<std::string> all;
    for (const auto& [number, each] : listeners_.all())
        all.push_back(each->real.text());
    return all;
}

void supervisor::tell(chronicle& whom) noexcept
{
    chronicle_ = &whom;
    coroner_.tell(whom);
}

std::map<std::string, net::accept_queue> supervisor::accept_queues() const
{
    std::map<std::string, net::accept_queue> all;
    const auto add = [&all](const open_endpoint& at, const unique_fd& socket) {
        const auto seen = net::accept_queue_of(socket.borrow());
        if (!seen)
            return;
        net::accept_queue& sum = all[at.real.text()];
        sum.waiting += seen->waiting;
        sum.room += seen->room;
    };
    for (const auto& [number, each] : listeners_.all()) {
        if (each->socket.valid())
            add(*each, each->socket);
        // With policy reuseport the first slot's is that one.
        for (const auto& [slot, queue] : each->by_slot)
            add(*each, queue);
    }
    return all;
}

void supervisor::tell(const seat& at, stage before, cause why) noexcept
{
    if (chronicle_ == nullptr || !at.life || at.life->now() == before)
        return;
    stage_change what;
    what.slot = at.slot;
    what.from = before;
    what.to = at.life->now();
    what.why = why;
    if (at.tenant) {
        what.id = at.tenant->id();
        what.pid = at.tenant->info().pid;
    }
    chronicle_->changed(what);
}

}  // namespace cohort::primary
