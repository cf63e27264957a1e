#pragma once
// What shared memory looks like to everyone who maps it. Any change here raises `layout_number`.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cohort::board {

/// Slots that a cohort may have at most.
inline constexpr unsigned slots_max = 256;

/// Raised by any change to `header` or `slot`; a segment with another number is refused.
inline constexpr std::uint32_t layout_number = 1;

/// "COHORT_B", read as a little-endian number.
inline constexpr std::uint64_t magic = 0x425f'5452'4f48'4f43ULL;

/// The first bytes of a segment. Written once, before anybody else can see it.
struct alignas(128) header {
    std::uint64_t magic;
    std::uint64_t size;        // of the whole segment, in bytes
    std::uint32_t layout;      // layout_number of who made it
    std::uint32_t slots;       // rows that follow
    std::uint32_t slot_size;   // sizeof(slot) of who made it
    std::uint32_t generation;  // of the cohort that made it
    std::uint8_t reserved[96];
};

static_assert(sizeof(header) == 128);
static_assert(std::is_trivially_copyable_v<header> && std::is_standard_layout_v<header>);

/// One worker's row. Either side may die between any two instructions: each field stands alone,
/// nobody waits for anybody, and readers check the range of what they read.
///
/// 128 bytes, because processors fetch lines in pairs: two neighbours in one pair slow each other
/// down by half (observability.md 2.1).
struct alignas(128) slot {
    // Written by the primary only: when a worker moves in, and after it was reaped.
    std::atomic<std::uint64_t> tenant;     // generation << 32 | pid; 0: vacant
    std::atomic<std::uint64_t> worker_id;  // ever growing; 0: vacant

    // Written by the tenant only; cleared by the primary while the slot is vacant.
    std::atomic<std::uint64_t> beat_ns;            // CLOCK_MONOTONIC at the last beat
    std::atomic<std::uint64_t> connections_total;  // accepted or taken since it moved in
    std::atomic<std::uint64_t> inbox_taken_total;  // of those, read from the slot's inbox
    std::atomic<std::uint64_t> requests_total;     // begun since it moved in
    std::atomic<std::uint32_t> connections_open;
    std::atomic<std::uint32_t> requests_running;
    std::atomic<std::uint32_t> lanes_busy;
    std::atomic<std::uint32_t> lanes;
    std::atomic<std::uint32_t> stage;      // board::stage, its own view
    std::atomic<std::uint32_t> accepting;  // 1: takes new connections

    std::uint8_t reserved[56];  // zero; room for the next layout
};

static_assert(sizeof(slot) == 128);
static_assert(std::is_standard_layout_v<slot>);
static_assert(offsetof(slot, tenant) == 0 && offsetof(slot, worker_id) == 8);
static_assert(offsetof(slot, beat_ns) == 16 && offsetof(slot, connections_total) == 24);
static_assert(offsetof(slot, inbox_taken_total) == 32 && offsetof(slot, requests_total) == 40);
static_assert(offsetof(slot, connections_open) == 48 && offsetof(slot, requests_running) == 52);
static_assert(offsetof(slot, lanes_busy) == 56 && offsetof(slot, lanes) == 60);
static_assert(offsetof(slot, stage) == 64 && offsetof(slot, accepting) == 68);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(sizeof(std::atomic<std::uint64_t>) == 8 && sizeof(std::atomic<std::uint32_t>) == 4);

}  // namespace cohort::board
