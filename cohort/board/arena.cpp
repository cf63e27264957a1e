#include <cohort/board/arena.hpp>

#include <sys/mman.h>

#include <algorithm>

namespace cohort::board {

void arena::own(extent what) noexcept
{
    owned_.set(what);
    taken_ += what.blocks;
}

extent arena::allocate(std::uint32_t blocks) noexcept
{
    extent got;
    if (blocks == 1 && singles_.count != 0) {
        got = {singles_.first[--singles_.count], 1};
    } else if (blocks == 2 && pairs_.count != 0) {
        got = {pairs_.first[--pairs_.count], 2};
    } else {
        got = find(blocks);
        if (got.blocks == 0 && blocks != 0 && singles_.count + pairs_.count != 0) {
            // What is warm may stand in the way of a long run.
            cool_down();
            got = find(blocks);
        }
        if (got.blocks == 0)
            return {};
    }
    own(got);
    return got;
}

extent arena::find(std::uint32_t blocks) noexcept
{
    if (blocks == 0 || blocks > busy_.blocks())
        return {};
    lowest_ = busy_.next_clear(lowest_);
    std::uint32_t at = lowest_;
    while (at <= busy_.blocks() - blocks) {
        const std::uint32_t end = busy_.next_set(at);
        if (end - at >= blocks) {
            const extent got{at, blocks};
            busy_.set(got);
            kept_count_ -= kept_.count(got);
            kept_.clear(got);
            return got;
        }
        at = busy_.next_clear(end);
    }
    return {};
}

void arena::release(extent what) noexcept
{
    if (!contains(what) || !owned_.all(what))
        return;
    owned_.clear(what);
    taken_ -= what.blocks;
    if (what.blocks == 1 && !singles_.full())
        singles_.first[singles_.count++] = what.first;
    else if (what.blocks == 2 && !pairs_.full())
        pairs_.first[pairs_.count++] = what.first;
    else
        free(what);
}

void arena::free(extent what) noexcept
{
    busy_.clear(what);
    lowest_ = std::min(lowest_, what.first);
    kept_.set(what);
    kept_count_ += what.blocks;
    if (kept_count_ > kept_max)
        give_back_above(kept_max / 2);
}

/// The lowest ones stay: those are taken next.
void arena::give_back_above(std::uint32_t keep) noexcept
{
    std::uint32_t seen = 0;
    std::uint32_t at = kept_.next_set(0);
    while (at < kept_.blocks()) {
        const std::uint32_t end = kept_.next_clear(at);
        const std::uint32_t stay = std::min(end - at, keep - seen);
        seen += stay;
        if (const extent rest{at + stay, end - at - stay}; rest.blocks != 0) {
            give_back(rest);
            kept_.clear(rest);
            kept_count_ -= rest.blocks;
        }
        at = kept_.next_set(end);
    }
}

void arena::cool_down() noexcept
{
    while (singles_.count != 0)
        free({singles_.first[--singles_.count], 1});
    while (pairs_.count != 0)
        free({pairs_.first[--pairs_.count], 2});
}

void arena::clear() noexcept
{
    busy_.clear();
    owned_.clear();
    kept_.clear();
    kept_count_ = 0;
    taken_ = 0;
    lowest_ = 0;
    singles_.count = 0;
    pairs_.count = 0;
}

bool arena::claim(extent what) noexcept
{
    if (!contains(what) || busy_.any(what))
        return false;
    busy_.set(what);
    kept_count_ -= kept_.count(what);
    kept_.clear(what);
    own(what);
    return true;
}

void arena::trim() noexcept
{
    std::uint32_t at = busy_.next_clear(0);
    while (at < busy_.blocks()) {
        const std::uint32_t end = busy_.next_set(at);
        give_back({at, end - at});
        at = busy_.next_clear(end);
    }
    kept_.clear();
    kept_count_ = 0;
}

void arena::give_back(extent what) const noexcept
{
    // Fails where pages are larger than blocks; then the memory stays, which is only a cost.
    ::madvise(memory_ + std::size_t{what.first} * block_bytes_,
              std::size_t{what.blocks} * block_bytes_, MADV_REMOVE);
}

}  // namespace cohort::board
