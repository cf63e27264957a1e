#pragma once
// What a newborn twin finds of its keeper, and what it does first. Closed to other rooms.

#include <cohort/process/detail/keeper_numbers.hpp>
#include <cohort/process/detail/twin_gate.hpp>
#include <cohort/process/keeper.hpp>

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace cohort::process::detail {

/// What keeper and twins have in common: prepared by the keeper before its first twin, copied by
/// every birth. A resource.
struct twin_inheritance {
    keeping how;
    keeper_numbers numbers;
    twin_gate gate;
    std::vector<int> pristine;  // also the keeper's numbers
    pid_t keeper = 0;
    // Of the birth at hand:
    int index = 0;
    std::uint32_t serial = 0;
    bool last = false;
};

/// The life of a twin, from its first instruction: waits for the seat, sweeps, lives.
[[noreturn]] void enter_life(twin_inheritance& from) noexcept;

/// The number of the keeper's bell; in a process without a keeper: -1.
extern int bell_number;

}  // namespace cohort::process::detail
