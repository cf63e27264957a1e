#pragma once
// Which worker gets a connection. Pure automata: they see numbers and answer with a slot, so that
// a test can deal a million connections in a second.

#include <cohort/base/clock.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace cohort::net {

/// What is known of one slot at the moment of the choice: a copy of its row on the board.
struct load {
    std::uint32_t slot = 0;
    std::uint32_t connections_open = 0;
    std::uint32_t lanes_busy = 0;         ///< Compute jobs running and waiting.
    std::uint32_t lanes = 0;              ///< Compute lanes it has; 0: unknown.
    std::uint64_t inbox_taken_total = 0;  ///< Connections its inbox has given it so far.
    std::uint32_t on_their_way = 0;       ///< Dealt to it and not confirmed, if that is known.
    bool accepting = false;               ///< Serving, and below its own limits.
    bool crowded = false;                 ///< Serving, but with no room at this very moment.
};

/// Connections one sender has given away that the target's row does not show yet. Without it a
/// burst would go to one worker, which looks idle until its loop turns. A value.
class handovers_in_flight {
public:
    /// What lies longer than this, while none is taken, lies with a worker that is stuck.
    static constexpr std::chrono::milliseconds neglected_after{100};
    /// By then the primary has given them to others (it looks after half a second): worth a try.
    static constexpr std::chrono::milliseconds forgotten_after{1000};
    /// More than a batch of accepts brings for one worker, and few enough to be rescued at once.
    static constexpr std::uint32_t open_max = 64;

    /// One more is on its way to `to`.
    void given(const load& to, steady_time now);

    /// How many are still on their way, judged by what the target has taken since. Other senders'
    /// connections count as ours here, so the answer errs towards fewer.
    [[nodiscard]] std::uint32_t towards(const load& to);

    /// Does the target leave them lying? No more should be sent to it then.
    [[nodiscard]] bool neglected(const load& to, steady_time now);

private:
    struct account {
        std::uint64_t taken_seen = 0;
        std::uint32_t open = 0;
        steady_time moved{};  ///< The last take, or the first one that was sent after it.
    };
    account& settle(const load& to);

    std::vector<account> accounts_;  // by slot
};

/// The default policy, seen from one worker: everyone accepts from one shared socket, a busy worker
/// lets the others go first, and one that is clearly above its share passes the connection on.
class balanced {
public:
    /// How long a worker lets a waiting connection lie because another looks less busy. Rows can
    /// lie: the idle-looking one may be stuck.
    static constexpr std::chrono::milliseconds patience{3};
    /// When to look again after a "no". Unwatch the listener meanwhile.
    static constexpr std::chrono::milliseconds pause{1};

    explicit balanced(std::uint32_t own_slot) noexcept
        : own_slot_{own_slot}
    {}

    /// May this worker take a connection off the shared socket now? Ask when the listener is
    /// readable. No, while its lanes are busy and another worker's are less so, for at most
    /// `patience`; no, while it is not accepting at all.
    [[nodiscard]] bool may_accept(std::span<const load> everyone, steady_time now) noexcept;

    /// Where the connection just accepted belongs: a slot to hand it to, or nothing to keep it.
    /// Handed on when this worker is above the least loaded one by more than an eighth, and by at
    /// least 4 connections.
    /// Never to one that leaves lying what it was given before.
    [[nodiscard]] std::optional<std::uint32_t> hand_to(std::span<const load> everyone,
                                                       steady_time now);

    /// The hand-over to `to` has happened.
    void given(const load& to, steady_time now) { in_flight_.given(to, now); }

private:
    std::uint32_t own_slot_;
    handovers_in_flight in_flight_;
    std::optional<steady_time> waiting_since_;
    steady_time last_no_{};
};

/// The primary deals in turn. Node's policy.
class round_robin {
public:
    /// The next accepting slot, or nothing if none accepts.
    [[nodiscard]] std::optional<std::uint32_t> choose(std::span<const load> everyone,
                                                      std::string_view client = {});
    void given(const load&) noexcept {}

private:
    std::optional<std::uint32_t> last_;
};

/// The primary deals to the slot with the fewest connections, counting those on their way.
class least_connections {
public:
    [[nodiscard]] std::optional<std::uint32_t> choose(std::span<const load> everyone,
                                                      std::string_view client = {});
    void given(const load&) noexcept {}

private:
    std::uint32_t next_ = 0;  // equals take turns
};

/// One client address always gets the same slot, as long as that slot accepts. When a slot goes,
/// only its clients move; when it comes back, only they return.
///
/// Source: rendezvous hashing (highest random weight), Thaler and Ravishankar, 1996.
class sticky {
public:
    /// `client` is the address without the port; any bytes. Nothing also when its slot is only
    /// crowded: the client waits for it then, rather than lose what that worker knows of it.
    [[nodiscard]] std::optional<std::uint32_t> choose(std::span<const load> everyone,
                                                      std::string_view client);
    void given(const load&) noexcept {}
};

/// A policy by which the primary deals.
using dealer = std::variant<round_robin, least_connections, sticky>;

}  // namespace cohort::net
