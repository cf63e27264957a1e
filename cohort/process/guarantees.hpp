#pragma once

#include <cohort/base/error.hpp>
#include <cohort/process/permit.hpp>

#include <string>

namespace cohort::process {

/// What holds in this environment. A value.
struct guarantees {
    bool pairs = false;            ///< Twins share descriptors, and a dead one's seat is noticed.
    bool exact_positions = false;  ///< The kernel counts the bytes of TCP streams.
    std::string words;             ///< For the log: what holds, or what is missing and why.
};

/// Whether the kernel's counters are what adoption needs, tried on a loopback pair; this room knows
/// nothing of sockets. Errors: why not.
using position_check = result<> (*)();

/// Tries it out with a throw-away twin; takes less than 5 ms (plus the copy of a large image), and
/// at most one second where something is broken.
[[nodiscard]] guarantees test_guarantees(fork_permit permit, position_check positions);

}  // namespace cohort::process
