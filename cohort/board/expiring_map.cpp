#include <cohort/board/expiring_map.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/board/detail/map_work.hpp>

#include <algorithm>
#include <bit>
#include <new>

// A note's owner goes from 0 to a record's number, by the exchange of whoever needs a block, and
// back, by the exchange of whoever took that record out of its cell. Numbers are drawn once, so an
// exchange that expects one of them cannot mistake another record for it; nor can the exchange of a
// cell. Everything that can be lost in between (a process dies) is blocks whose number stands in no
// cell: map_space::sweep() gives them back, after a while in which their owner, if it lived, would
// have been done.
//
// A record stays in its cell for as long as its key is there: so a block's note can say which cell
// to ask.

namespace cohort::board {

namespace {

constexpr std::size_t sets_min = 4;
constexpr std::size_t blocks_step = 16;

/// Of a set's 8 cells, those that are used when all entries are there. With two sets to choose from
/// there is then always a free one, but for chances that nobody meets.
constexpr std::size_t used_of_set = 5;

const auto unobserved = []() noexcept {};

template <class T>
std::span<T> take(std::span<std::byte>& from, std::size_t count) noexcept
{
    T* const first = std::launder(reinterpret_cast<T*>(from.data()));
    from = from.subspan(count * sizeof(T));
    return {first, count};
}

}  // namespace

std::size_t map_shape::sets() const noexcept
{
    return std::bit_ceil(std::max(sets_min, (entries + used_of_set - 1) / used_of_set));
}

std::size_t map_shape::blocks() const noexcept
{
    const std::size_t steps = bytes / sizeof(map_block) / blocks_step;
    constexpr std::size_t most = (std::size_t{1} << map_block_bits) / blocks_step;
    return std::clamp<std::size_t>(steps, 1, most) * blocks_step;
}

std::size_t map_shape::spare_blocks() const noexcept
{
    return std::min<std::size_t>(blocks() / 16, 64);
}

std::size_t map_shape::area_bytes() const noexcept
{
    return sizeof(map_head) + sets() * sizeof(map_set) +
           blocks() * (sizeof(map_note) + sizeof(map_block));
}

expiring_map::expiring_map(std::span<std::byte> area, const map_shape& shape, when_full how,
                           steady_time (*clock)() noexcept) noexcept
    : spare_blocks_{shape.spare_blocks()}, how_{how}, clock_{clock}
{
    COHORT_ASSERT(area.size() >= shape.area_bytes() &&
                  reinterpret_cast<std::uintptr_t>(area.data()) % alignof(map_head) == 0);
    in_.head = take<map_head>(area, 1).data();
    in_.sets = take<map_set>(area, shape.sets());
    in_.notes = take<map_note>(area, shape.blocks());
    in_.blocks = take<map_block>(area, shape.blocks());
}

std::optional<std::string> expiring_map::get(const key& of, std::int64_t now) const
{
    return map_work{*this, unobserved}.get(of, now);
}

expiring_map::outcome expiring_map::put(const key& of, entry what, std::int64_t now) const
{
    return map_work{*this, unobserved}.put(of, what, now);
}

expiring_map::outcome expiring_map::replace(const key& of, entry what, std::int64_t now) const
{
    return map_work{*this, unobserved}.replace(of, nullptr, what, now);
}

expiring_map::outcome expiring_map::renew(const key& of, std::string_view seen, entry what,
                                          std::int64_t now) const
{
    return map_work{*this, unobserved}.replace(of, &seen, what, now);
}

expiring_map::outcome expiring_map::erase(const key& of, std::int64_t now) const
{
    return map_work{*this, unobserved}.erase(of, now);
}

std::size_t expiring_map::size() const noexcept
{
    std::size_t all = 0;
    for (const map_set& set : in_.sets)
        all += static_cast<std::size_t>(std::ranges::count_if(
            set.cells, [](const map_cell& each) { return each.load() != 0; }));
    return all;
}

expiring_map::totals expiring_map::total() const noexcept
{
    constexpr auto relaxed = std::memory_order_relaxed;
    return {.expired = in_.head->expired.load(relaxed),
            .evicted = in_.head->evicted.load(relaxed),
            .refused = in_.head->refused.load(relaxed),
            .recovered = in_.head->recovered.load(relaxed),
            .torn = in_.head->torn.load(relaxed)};
}

}  // namespace cohort::board
