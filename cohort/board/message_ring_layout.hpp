#pragma once
// What a ring of messages looks like in memory: a head, then blocks of one size. It lies in the
// commons, whose name for it has to change with anything here.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cohort::board {

/// Blocks are numbered from 1 for the life of the cohort; number n lies at n modulo their count.
struct alignas(4096) ring_head {
    alignas(128) std::atomic<std::uint64_t> claimed;  // the last number that somebody has
    // Counters: how it went, and nothing relies on them.
    alignas(128) std::atomic<std::uint64_t> published;
    std::atomic<std::uint64_t> published_bytes;
    std::atomic<std::uint64_t> abandoned;  // blocks that readers gave up
    std::atomic<std::uint64_t> repeated;   // writers who found theirs given up, and began again
    std::atomic<std::uint64_t> torn;       // messages that were not whole
};
static_assert(sizeof(ring_head) == 4096);

/// What there is to say of the number that a block's word names; see message_ring.cpp.
enum class ring_state : std::uint8_t { writing, first, rest, abandoned };
inline constexpr unsigned ring_state_bits = 2;

inline constexpr std::size_t ring_block_words = 63;

struct alignas(128) ring_block {
    std::atomic<std::uint64_t> word;  // number << 2 | ring_state; 0: never written
    // Of a message's first block: lengths, checksum, when; then topic and text, each from a word
    // of its own on.
    std::array<std::atomic<std::uint64_t>, ring_block_words> data;
};
static_assert(sizeof(ring_block) == 512 && std::is_standard_layout_v<ring_block>);

/// Words of a first block before its topic begins.
inline constexpr std::size_t ring_first_words = 3;

}  // namespace cohort::board
