#pragma once
// All that a worker left, as people and programs read it: the story of one death.

#include <cohort/board/flight.hpp>
#include <cohort/board/stack_sheet.hpp>
#include <cohort/primary/death_cause.hpp>
#include <cohort/process/frame_finder.hpp>

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cohort::primary {

/// What was found of one that died. A value.
struct autopsy {
    finding what;
    std::optional<board::crash_reading> crash;
    std::optional<board::sender_reading> sender;
    std::optional<board::flight_reading> flight;
    memory_facts memory;
    std::string build_id;       ///< of its program; empty: nobody knows
    std::uint64_t died_ns = 0;  ///< CLOCK_MONOTONIC, when it was buried
    std::string stacks;         ///< of all its threads, when it hung
};

/// Events that a story tells, the last ones; a file of it has all that there are.
inline constexpr std::size_t events_told_max = 32;

/// Requests that had begun and had no answer, the oldest first, as the flight recorder has them.
[[nodiscard]] std::vector<board::flight_moment> in_flight(const board::flight_reading& of);

/// "GET /users/7 on connection 12"; "200 in 1.5 ms: /users/{id}"
[[nodiscard]] std::string words_of(const board::flight_moment& what);

/// For people, without a heading: sections of lines, which follow the sentence of the finding.
[[nodiscard]] std::string story_of(const autopsy& one, const process::frame_finder& names,
                                   std::size_t events_max);

/// {"cause":…,"cause_words":…,"stack":[…],"registers":{…},"in_flight":[…],"events":[…],"log":[…]}
[[nodiscard]] boost::json::object to_json(const autopsy& one, const process::frame_finder& names,
                                          std::size_t events_max);

}  // namespace cohort::primary
