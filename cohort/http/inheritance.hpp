#pragma once

#include <cohort/board/journal.hpp>
#include <cohort/http/survival.hpp>
#include <cohort/net/adoption.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace cohort::http {

/// One connection that a dead worker left, and what is to become of it. A value.
struct estate {
    int descriptor = -1;
    board::connection_state state;  ///< As the dead left it, and with what counts against it.
    net::adoption_verdict verdict;
    net::blame fault = net::blame::none;
    enum class owner : std::uint8_t {
        we,
        another,  ///< It was passed on, and somebody else has it by now: close our copy only.
        nobody,   ///< There is no such descriptor.
    } whose = owner::we;
    bool waits = false;      ///< Somebody waits for bytes of ours.
    bool suspended = false;  ///< A coroutine had its request.
};

/// Takes stock of what a dead worker left: whose fault its end was, what the kernel says of each
/// connection, what is to be done with it. Counts against those to blame are in the journal when
/// this returns, and the words and marks that named them are cleared; nothing else is touched.
///
/// @return  those who wait for an answer first.
[[nodiscard]] std::vector<estate> take_stock(board::journal& book, std::span<const int> found,
                                             const net::adoption_limits& limits,
                                             passing_fate& ours);

}  // namespace cohort::http
