#pragma once

#include <cohort/board/block_map.hpp>
#include <cohort/board/journal_layout.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace cohort::board {

/// Which blocks of a piece of shared memory are taken. A value; private to a process, since the
/// memory's owner is one process at a time, and its successor counts anew.
///
/// A few of the blocks that were given back stay warm: their pages are there and in the cache, and
/// the next request takes them without looking at the map. Some more, up to a bound, keep their
/// memory: to get a page from the kernel costs more than to serve a small request. All others have
/// no memory.
class arena {
public:
    static constexpr std::uint32_t warm_singles_max = 64;
    static constexpr std::uint32_t warm_pairs_max = 32;
    /// Free blocks that keep their memory, besides the warm ones.
    static constexpr std::uint32_t kept_max = 512;

    arena(std::byte* memory, std::uint32_t blocks, std::size_t block_bytes)
        : memory_{memory}, block_bytes_{block_bytes}, busy_{blocks}, owned_{blocks}, kept_{blocks}
    {}

    /// So many blocks in a row, the lowest there are; or none: no room.
    [[nodiscard]] extent allocate(std::uint32_t blocks) noexcept;
    /// Left alone unless all of it is taken.
    void release(extent what) noexcept;

    /// Forgets who has what.
    void clear() noexcept;
    /// Takes these very blocks. False: not inside, or not all free.
    bool claim(extent what) noexcept;
    /// The memory of all that is neither taken nor warm goes back to the kernel.
    void trim() noexcept;

    [[nodiscard]] bool contains(extent what) const noexcept { return busy_.contains(what); }
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    [[nodiscard]] std::uint32_t blocks() const noexcept { return busy_.blocks(); }

private:
    template <std::uint32_t Room>
    struct stack {
        std::array<std::uint32_t, Room> first{};
        std::uint32_t count = 0;

        [[nodiscard]] bool full() const noexcept { return count == Room; }
    };

    [[nodiscard]] extent find(std::uint32_t blocks) noexcept;
    void own(extent what) noexcept;
    void cool_down() noexcept;
    void free(extent what) noexcept;
    void give_back_above(std::uint32_t keep) noexcept;
    void give_back(extent what) const noexcept;

    std::byte* memory_;
    std::size_t block_bytes_;
    block_map busy_;   // taken or warm
    block_map owned_;  // taken
    block_map kept_;   // free, and may have memory
    std::uint32_t kept_count_ = 0;
    std::size_t taken_ = 0;
    std::uint32_t lowest_ = 0;  // no free block below it
    stack<warm_singles_max> singles_;
    stack<warm_pairs_max> pairs_;
};

}  // namespace cohort::board
