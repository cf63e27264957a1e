#pragma once
// How a worker that begins to serve comes to its part of the connections that are open already.
// Clients that keep theirs for ever would never ask it otherwise: a canary that nobody asks is
// judged by nothing. An automaton: loads come in, orders go out.

#include <cohort/base/clock.hpp>
#include <cohort/net/balance.hpp>
#include <cohort/primary/listeners.hpp>

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

/// Does the newcomer listen wherever the giver does? (Ids.) Else a connection could come to a
/// program that does not serve what its client has called.
[[nodiscard]] bool can_take_from(const listeners& doors, std::uint32_t newcomer,
                                 std::uint32_t giver);

/// The rounds by which one newcomer comes to its share: orders go out, and what they bring is
/// waited for. An automaton.
class sharing_rounds {
public:
    enum class step : std::uint8_t { wait, ask, done };

    /// For one round. Who is always busy gives away what comes to a boundary in this time.
    static constexpr nanoseconds giving_longest = std::chrono::seconds{1};

    /// @param its        The newcomer's row.
    /// @param missing    There is somebody who can give it something.
    /// @param more_come  Others may be able to later: it does not listen everywhere yet.
    [[nodiscard]] step look(const net::load& its, bool missing, bool more_come,
                            steady_time now) noexcept;

    /// So many were asked for; 0: no order could be sent, and the next look tries again.
    void asked(std::uint32_t connections, steady_time now) noexcept;

private:
    std::uint64_t taken_ = 0;   // as of the last look
    std::uint64_t before_ = 0;  // as the round began
    std::uint32_t awaited_ = 0;
    steady_time ends_{};
};

}  // namespace cohort::primary
