#pragma once
// What a flight recorder looks like in memory: for each slot some pages, each of one worker. Any
// change here raises the number in `flight_area_name`.
//
//     of slot 0: page | page | page, of slot 1: page | …
//
// Fresh memory is all zeros, and means: nobody flew.

#include <cohort/board/layout.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace cohort::board {

/// The area of board::commons.
inline constexpr std::string_view flight_area_name = "flight/2";

/// Workers of a slot whose last moments are kept: whoever comes writes over the oldest one's.
inline constexpr std::size_t flight_pages = 3;
inline constexpr std::size_t flight_loop_events = 96;    // of each page, of the event loop
inline constexpr std::size_t flight_thread_events = 32;  // of all its other threads
inline constexpr std::size_t flight_events = flight_loop_events + flight_thread_events;
inline constexpr std::size_t flight_lines = 15;
inline constexpr std::size_t flight_text_max = 64;
inline constexpr std::size_t flight_line_max = 480;

/// One event. `stamp` is 2 * (number + 1) when the other words are its own, and odd while they are
/// being written: who dies there leaves it odd, and it is no event.
struct flight_entry {
    std::atomic<std::uint64_t> stamp;
    std::atomic<std::uint64_t> when_ns;  // CLOCK_MONOTONIC, or the coarse one
    std::atomic<std::uint64_t> facts;    // kind | bytes of text << 8 | number << 16 | subject << 32
    std::atomic<std::uint64_t> took_ns;
    std::array<std::atomic<std::uint64_t>, flight_text_max / 8> text;
};
static_assert(sizeof(flight_entry) == 96);

/// One line of the log, likewise. It says itself when it was: each has its time in it.
struct flight_line_entry {
    std::atomic<std::uint64_t> stamp;
    std::uint64_t reserved0;
    std::atomic<std::uint64_t> bytes;  // of the line; of these, flight_line_max are here
    std::uint64_t reserved1;
    std::array<std::atomic<std::uint64_t>, flight_line_max / 8> text;
};
static_assert(sizeof(flight_line_entry) == 512);

/// One worker's. Its threads write it, and nobody else once it is theirs.
struct alignas(commons_page) flight_page {
    std::atomic<std::uint64_t> owner;  // pid << 32 | worker id; 0: nobody. See flight_unready.
    std::atomic<std::uint64_t> since_ns;
    std::uint8_t reserved0[112];
    alignas(128) std::atomic<std::uint64_t> loop_events;  // written by one thread alone
    alignas(128) std::atomic<std::uint64_t> thread_events;
    std::atomic<std::uint64_t> lines;
    std::atomic<std::uint64_t> lost;  // a thread was interrupted for a whole round
    std::uint8_t reserved1[232];
    std::array<flight_line_entry, flight_lines> line;
    std::array<flight_entry, flight_loop_events> loop;
    std::array<flight_entry, flight_thread_events> threads;
};
static_assert(sizeof(flight_page) == 5 * commons_page);
static_assert(offsetof(flight_page, line) == 512);
static_assert(std::is_standard_layout_v<flight_page>);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// In `owner`: it is still being cleared. Numbers of processes have 22 bits.
inline constexpr std::uint64_t flight_unready = std::uint64_t{1} << 63;

struct flight_slot {
    std::array<flight_page, flight_pages> pages;
};

/// Address space only: pages come with the first touch.
inline constexpr std::size_t flight_area_bytes = slots_max * sizeof(flight_slot);
static_assert(flight_area_bytes <= commons_room / 4);

}  // namespace cohort::board
