#include <cohort/board/slot.hpp>

namespace cohort::board {

namespace {

/// Everything that a tenant writes. Each store releases what came before it: a reader that sees a
/// cleared field also sees that the tenant has changed, and gives up.
void clear(slot& row) noexcept
{
    set(row.beat_ns, std::uint64_t{0});
    set(row.connections_total, std::uint64_t{0});
    set(row.inbox_taken_total, std::uint64_t{0});
    set(row.requests_total, std::uint64_t{0});
    for (auto* word : {&row.connections_open, &row.requests_running, &row.lanes_busy, &row.lanes,
                       &row.stage, &row.accepting})
        set(*word, 0U);
}

}  // namespace

void move_in(slot& row, newcomer who) noexcept
{
    set(row.tenant, std::uint64_t{0});
    clear(row);
    set(row.worker_id, who.worker_id);
    set(row.stage, static_cast<std::uint32_t>(stage::booting));
    set(row.tenant, who.tenant);
}

void vacate(slot& row) noexcept
{
    set(row.tenant, std::uint64_t{0});
    clear(row);
    set(row.worker_id, std::uint64_t{0});
}

}  // namespace cohort::board
