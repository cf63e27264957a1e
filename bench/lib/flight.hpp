#pragma once
// A flight recorder as a worker has it, for benches of one process.

#include <cohort/board/flight.hpp>
#include <cohort/board/segment.hpp>

#include <cstdint>

#include <unistd.h>

namespace bench {

/// From now on this process notes what happens as worker 1 in slot 0 of that board does. False: it
/// could not. Lifetime: of the board.
inline bool record_flight(const cohort::board::segment& board)
{
    const auto recorder = cohort::board::flight_recorder::open(board.commons());
    if (!recorder)
        return false;
    const auto page = recorder->page_for(
        {.slot = 0, .worker = 1, .process = static_cast<std::uint32_t>(::getpid())});
    if (!page)
        return false;
    cohort::board::flight::record_on(*page);
    return true;
}

}  // namespace bench
