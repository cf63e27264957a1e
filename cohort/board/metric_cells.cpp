#include <cohort/board/metric_cells.hpp>

#include <cohort/base/try.hpp>

#include <signal.h>

#include <cerrno>
#include <new>

namespace cohort::board {

namespace {

constexpr auto acquire = std::memory_order_acquire;
constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto release = std::memory_order_release;

constexpr std::uint64_t clearing = std::uint64_t{1} << 32;
constexpr std::uint64_t one_more_time = std::uint64_t{1} << 33;

constexpr pid_t pid_in(std::uint64_t owner) noexcept
{
    return static_cast<pid_t>(owner & 0xffff'ffffU);
}

constexpr std::uint64_t block_word(std::uint32_t column, std::uint32_t page) noexcept
{
    return std::uint64_t{column + 1} << 32 | page;
}

}  // namespace

bool is_gone(pid_t pid) noexcept { return ::kill(pid, 0) == -1 && errno == ESRCH; }

result<metric_cells> metric_cells::in(const commons& where)
{
    COHORT_TRY(const auto head, where.area(metric_head_area, sizeof(metric_head)));
    COHORT_TRY(const auto blocks,
               where.area(metric_block_area, metric_blocks_max * sizeof(metric_block)));
    return metric_cells{
        area_as<metric_head>(head),
        {std::launder(reinterpret_cast<metric_block*>(blocks.data())), metric_blocks_max}};
}

std::uint32_t metric_cells::claim(const metric_writer& who) const noexcept
{
    const bool is_thread = who.part >= metric_writer::first_thread;
    const std::uint32_t first = is_thread ? metric_process_columns : common + 1;
    const std::uint32_t end = is_thread ? metric_columns_max : metric_process_columns;
    for (std::uint32_t column = first; column < end; ++column) {
        if (take(column, who))
            return column;
    }
    return common;
}

bool metric_cells::take(std::uint32_t column, const metric_writer& who) const noexcept
{
    metric_column& at = head_->columns[column];
    std::uint64_t owner = at.owner.load(acquire);
    const pid_t its = pid_in(owner);
    const bool was_mine =
        its == who.pid && who.slot != metric_writer::nobody && at.seat.load(relaxed) == who.seat();
    // An owner that died is read before its death is seen: so what it wrote is seen as well.
    if (its != 0 && !was_mine && !is_gone(its))
        return false;
    // The times change with each owner: who has seen another one of the same pid does not get it.
    const std::uint64_t times = (owner & ~(one_more_time - 1)) + one_more_time;
    const std::uint64_t mine = times | static_cast<std::uint32_t>(who.pid);
    if (!at.owner.compare_exchange_strong(owner, mine | clearing, std::memory_order_acq_rel))
        return false;
    at.seat.store(who.seat(), relaxed);
    at.claim.store(head_->claims.fetch_add(1, relaxed) + 1, relaxed);
    clear_gauges(column);
    at.owner.store(mine, release);
    return true;
}

void metric_cells::clear_gauges(std::uint32_t column) const noexcept
{
    for (std::size_t i = 0; i < metric_blocks_max; ++i) {
        const std::uint64_t word = head_->blocks[i].load(acquire);
        if (word == 0)
            return;
        if (word >> 32 != column + 1 || (word & 0xffff'ffffU) < metric_series_pages)
            continue;
        for (metric_word& each : blocks_[i].words)
            each.store(0, relaxed);
    }
}

void metric_cells::leave(std::uint32_t column) const noexcept
{
    if (column == common || column >= metric_columns_max)
        return;
    metric_word& owner = head_->columns[column].owner;
    owner.store(owner.load(relaxed) & ~(one_more_time - 1), release);
}

metric_block* metric_cells::find(std::uint32_t column, std::uint32_t page) const noexcept
{
    if (page >= metric_pages_max || column >= metric_columns_max)
        return nullptr;
    const bool is_thread = column >= metric_process_columns;
    const std::uint64_t wanted = block_word(column, page);
    for (std::size_t i = 0; i < (is_thread ? metric_thread_blocks : metric_blocks_max); ++i) {
        std::uint64_t word = head_->blocks[i].load(acquire);
        // Nobody takes one further on while this one is free: so what was not found is not there.
        if (word == 0 && head_->blocks[i].compare_exchange_strong(word, wanted))
            word = wanted;
        if (word == wanted)
            return &blocks_[i];
    }
    if (!is_thread)
        head_->refused.fetch_add(1, relaxed);
    return nullptr;
}

metric_cells::tenancy metric_cells::tenant(std::uint32_t column) const noexcept
{
    if (column >= metric_columns_max)
        return {};
    const metric_column& at = head_->columns[column];
    const std::uint64_t owner = at.owner.load(acquire);
    if ((owner & clearing) != 0 || pid_in(owner) == 0)
        return {};
    const std::uint64_t seat = at.seat.load(relaxed);
    tenancy known{.pid = pid_in(owner),
                  .slot = static_cast<std::uint32_t>(seat >> 16),
                  .part = static_cast<std::uint16_t>(seat),
                  .claim = at.claim.load(acquire)};
    return at.owner.load(acquire) == owner ? known : tenancy{};
}

}  // namespace cohort::board
