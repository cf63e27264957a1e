#pragma once
// How a worker that begins to serve comes to its part of the connections that are open already.
// Clients that keep theirs for ever would never ask it otherwise: a canary that nobody asks is
// judged by nothing. An automaton: loads come in, orders go out.

#include <cohort/net/balance.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace cohort::primary {

/// So many connections of one slot go to the newcomer. A value.
struct gift {
    std::uint32_t from = 0;
    std::uint32_t connections = 0;
    friend bool operator==(const gift&, const gift&) = default;
};

/// At most so many of one giver at a time: an inbox holds a few hundred.
inline constexpr std::uint32_t gift_max = 64;

/// Who gives how many, so that the newcomer has as many as everybody has on average; at least one,
/// if there is any. Nobody goes below the average for it. Empty: it has its share, give or take an
/// eighth, or does not accept.
///
/// @param all  Everybody who serves the same, the newcomer among them.
[[nodiscard]] std::vector<gift> gifts_for(std::uint32_t newcomer, std::span<const net::load> all);

}  // namespace cohort::primary
