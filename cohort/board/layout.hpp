#pragma once
// What shared memory looks like to everyone who maps it. Any change here raises `layout_number`.
//
//     header | counters | a row for each slot | quarantine | tickets | answers of each slot |
//     commons

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cohort::board {

/// Slots that a cohort may have at most.
inline constexpr unsigned slots_max = 256;

/// Raised by any change to what follows; a segment with another number is refused.
inline constexpr std::uint32_t layout_number = 6;

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

/// Of the whole cohort, written by anybody.
struct alignas(128) counters {
    std::atomic<std::uint32_t> last_worker_id;
    std::uint8_t reserved[124];
};

/// One fingerprint. Whatever the other words say counts only if their tag is the fingerprint's.
struct quarantine_entry {
    std::atomic<std::uint64_t> fingerprint;  // 0: never used
    std::atomic<std::uint64_t> sentence;     // until, ms << 24 | tag << 8 | strikes
    std::atomic<std::uint64_t> trial;        // tag | seconds | stage | slot | pid of who runs it
    std::uint64_t reserved;
};

inline constexpr std::size_t quarantine_max = 256;

/// Every process may write anything here at any moment.
struct alignas(128) quarantine_table {
    std::atomic<std::uint64_t> last_until_ns;  // nothing in it counts after that; 0: nothing does
    std::atomic<std::uint32_t> used;           // entries from here on were never used
    std::atomic<std::uint32_t> cases;          // strikes so far, each of which opened a case
    std::uint8_t reserved[112];
    alignas(128) std::atomic<std::uint64_t> added_total;
    std::atomic<std::uint64_t> displaced_total;
    std::atomic<std::uint64_t> caught_total;
    // Of each slot: the value of `cases` at which it ran no suspect without knowing.
    alignas(128) std::array<std::atomic<std::uint32_t>, slots_max> passed;
    alignas(128) std::array<quarantine_entry, quarantine_max> entries;
};

/// One passage of a connection. Terms are written while it is free, by the giver only.
struct ticket_entry {
    std::atomic<std::uint64_t> word;  // generation << 8 | passage
    std::atomic<std::uint64_t> cookie;
    std::atomic<std::uint64_t> since_ns;
    std::atomic<std::uint32_t> to;
    std::atomic<std::uint32_t> endpoint;
};

inline constexpr std::uint32_t tickets_per_slot = 64;
inline constexpr std::uint32_t tickets_of_primary = 1024;

/// Followed by the entries: tickets_per_slot for each slot, then those of the primary.
struct alignas(128) ticket_table {
    std::array<std::atomic<std::uint32_t>, slots_max + 1> cursors;  // where each giver looks next
};

inline constexpr std::size_t answer_buckets = 88;

/// How a slot's answers went; see answers.hpp. Written by its tenant only.
struct alignas(128) answer_cells {
    std::atomic<std::uint64_t> failed;  // status 500 and above
    std::array<std::atomic<std::uint32_t>, answer_buckets> took;
};
static_assert(sizeof(answer_cells) == 384);

inline constexpr std::size_t areas_max = 495;
inline constexpr std::size_t commons_page = 4096;

/// Which areas there are; see commons.hpp. Written by anybody.
struct alignas(128) commons_head {
    std::atomic<std::uint64_t> identity;  // 0: nobody has asked for it
    std::uint8_t reserved[128];
    std::array<std::atomic<std::uint64_t>, areas_max> areas;
};
static_assert(sizeof(commons_head) == commons_page);

/// Address space only: pages come with the first touch.
inline constexpr std::size_t commons_room = std::size_t{96} << 20;
inline constexpr std::size_t commons_bytes = sizeof(commons_head) + commons_room;

[[nodiscard]] constexpr std::uint32_t tickets_for(unsigned slots) noexcept
{
    return slots * tickets_per_slot + tickets_of_primary;
}

static_assert(tickets_per_slot * sizeof(ticket_entry) % 128 == 0 &&
              tickets_of_primary * sizeof(ticket_entry) % 128 == 0);
static_assert(sizeof(counters) == 128 && sizeof(quarantine_entry) == 32);
static_assert(sizeof(quarantine_table) == 256 + slots_max * 4 + quarantine_max * 32);
static_assert(sizeof(ticket_entry) == 32 && sizeof(ticket_table) % 128 == 0);
static_assert(tickets_for(slots_max) <= 1U << 15, "a ticket has 15 bits for its entry");

/// Where the parts of a segment begin, and where it ends.
struct parts {
    std::size_t rows = 0;
    std::size_t quarantine = 0;
    std::size_t tickets = 0;
    std::size_t answers = 0;
    std::size_t commons = 0;
    std::size_t end = 0;
};

[[nodiscard]] constexpr parts parts_for(unsigned slots) noexcept
{
    parts at;
    at.rows = sizeof(header) + sizeof(counters);
    at.quarantine = at.rows + std::size_t{slots} * sizeof(slot);
    at.tickets = at.quarantine + sizeof(quarantine_table);
    at.answers =
        at.tickets + sizeof(ticket_table) + std::size_t{tickets_for(slots)} * sizeof(ticket_entry);
    const std::size_t rest = at.answers + std::size_t{slots} * sizeof(answer_cells);
    at.commons = (rest + commons_page - 1) / commons_page * commons_page;
    at.end = at.commons + commons_bytes;
    return at;
}

}  // namespace cohort::board
