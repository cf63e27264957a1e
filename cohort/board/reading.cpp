#include <cohort/board/reading.hpp>

namespace cohort::board {

namespace {

constexpr auto acquire = std::memory_order_acquire;

/// A corpse, or a wild pointer, may have left any number here.
stage in_range(std::uint32_t word) noexcept
{
    const auto last = static_cast<std::uint32_t>(stage::leaving);
    return word <= last ? static_cast<stage>(word) : stage::vacant;
}

}  // namespace

std::optional<slot_reading> read(const slot& row, std::uint64_t tenant) noexcept
{
    if (tenant == 0 || row.tenant.load(acquire) != tenant)
        return std::nullopt;

    const slot_reading seen{
        .tenant = tenant,
        .worker_id = row.worker_id.load(acquire),
        .beat_ns = row.beat_ns.load(acquire),
        .connections_total = row.connections_total.load(acquire),
        .inbox_taken_total = row.inbox_taken_total.load(acquire),
        .requests_total = row.requests_total.load(acquire),
        .connections_open = row.connections_open.load(acquire),
        .requests_running = row.requests_running.load(acquire),
        .lanes_busy = row.lanes_busy.load(acquire),
        .lanes = row.lanes.load(acquire),
        .stage = in_range(row.stage.load(acquire)),
        .accepting = row.accepting.load(acquire) == 1,
    };

    // Asking twice stands in for a lock: a lock could be held by a corpse.
    if (row.tenant.load(acquire) != tenant)
        return std::nullopt;
    return seen;
}

std::optional<slot_reading> read(const slot& row) noexcept
{
    return read(row, row.tenant.load(acquire));
}

}  // namespace cohort::board
