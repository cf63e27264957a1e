#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/board/reading.hpp>
#include <cohort/primary/worker_info.hpp>
#include <cohort/primary/worker_life.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace cohort::primary {

/// How a slot stood when somebody asked. A value.
struct slot_view {
    std::uint32_t slot = 0;
    stage now = stage::gone;
    std::uint32_t generation = 0;            ///< of code and settings
    std::optional<worker_info> worker;       ///< who sits there
    std::optional<steady_time> online;       ///< since when
    std::optional<board::slot_reading> row;  ///< what it says of itself
    std::optional<steady_time> deadline;     ///< of the stage
    pid_t keeper = 0;                        ///< 0: none
    unsigned standbys = 0;                   ///< that wait beside it
    bool extra = false;                      ///< one more than wanted, for a while
    std::uint64_t memory_max = 0;            ///< that the kernel gives it; 0: as much as there is
};

}  // namespace cohort::primary
