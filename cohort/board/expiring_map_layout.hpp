#pragma once
// What a map whose values expire looks like in memory: a head, sets of cells, notes on blocks,
// blocks. It lies in the commons, whose name for it has to change with anything here.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace cohort::board {

struct alignas(4096) map_head {
    alignas(128) std::atomic<std::uint64_t> drawn;  // records that were begun
    alignas(128) std::atomic<std::uint64_t> hint;   // where a block may be free
    std::atomic<std::uint64_t> next_set;            // where to look next for what is over
    std::atomic<std::uint64_t> next_note;           // where to look next for what the dead had
    // Counters: how it went, and nothing relies on them.
    alignas(128) std::atomic<std::uint64_t> expired;
    std::atomic<std::uint64_t> evicted;
    std::atomic<std::uint64_t> refused;
    std::atomic<std::uint64_t> recovered;  // blocks that the dead had
    std::atomic<std::uint64_t> torn;
};
static_assert(sizeof(map_head) == 4096);

/// Where a key's record is. 0: nobody's.
///
///     record's number, 38 bits | of its key, 8 bits | its first block, 18 bits
using map_cell = std::atomic<std::uint64_t>;
inline constexpr unsigned map_block_bits = 18;
inline constexpr unsigned map_tag_bits = 8;
inline constexpr unsigned map_number_bits = 38;
static_assert(map_block_bits + map_tag_bits + map_number_bits == 64);

/// A key's cell is in one of two sets.
struct alignas(64) map_set {
    static constexpr std::size_t ways = 8;
    std::array<map_cell, ways> cells;
};
static_assert(sizeof(map_set) == 64);

/// Whose a block is.
struct map_note {
    /// A record's number, 38 bits | second of the clock when it was claimed, 26 bits. 0: free.
    std::atomic<std::uint64_t> owner;
    /// The record's cell, 32 bits | its next block + 1, 32 bits; 0: this is the last one.
    std::atomic<std::uint64_t> link;
};
static_assert(sizeof(map_note) == 16);

inline constexpr std::size_t map_block_words = 32;

struct alignas(256) map_block {
    /// Of a record's first block: until, bytes, checksum, key (4); then the bytes.
    std::array<std::atomic<std::uint64_t>, map_block_words> data;
};
static_assert(sizeof(map_block) == 256 && std::is_standard_layout_v<map_block>);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// Words of a first block before its bytes begin.
inline constexpr std::size_t map_first_words = 7;

/// Where all that lies. A view; a value.
struct map_parts {
    map_head* head;
    std::span<map_set> sets;
    std::span<map_note> notes;
    std::span<map_block> blocks;
};

}  // namespace cohort::board
