#pragma once
// Connections on their way from one slot to another. A descriptor in an inbox is a copy; the ticket
// that travels with it decides which copy is the connection, however many processes die meanwhile.
//
//     giver                                             taker
//     offer()                free ──▶ offered
//     journal: passing, ticket
//     send descriptor + ticket  ───────────────────────▶ receive
//     close its copy,                                    journal: passing, ticket
//     journal: free                  offered ──▶ taken   take(): true, it is mine
//                                                        journal: idle
//                                    taken ──▶ free      settle()
//
// A giver's successor that finds `passing` asks revoke(): true, the connection is still ours
// (journal: idle, then settle()); false, it is the taker's (close the copy). A taker's successor
// that finds `passing` asks hold(): true, it is ours. Who gave a ticket: giver(). All of it may be
// repeated: what was decided stays decided until the winner settles, and an old number never
// matches a new ticket.

#include <cohort/base/clock.hpp>
#include <cohort/board/layout.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace cohort::board {

/// The number of one passage: generation << 15 | entry. Fits connection_state::ticket.
enum class ticket : std::uint32_t { none = 0 };

enum class passage : std::uint8_t { free, offered, taken, revoked };

/// What is being passed, from whom to whom. A value.
struct ticket_terms {
    std::uint32_t from = 0;      ///< A slot, or from_primary.
    std::uint32_t to = 0;        ///< A slot, or from_primary: back to the primary.
    std::uint32_t endpoint = 0;  ///< Which listener accepted it.
    std::uint64_t cookie = 0;    ///< SO_COOKIE of the socket: the same in every process.

    friend bool operator==(const ticket_terms&, const ticket_terms&) = default;
};

/// A view of the scoreboard's tickets. Lifetime: the segment's.
///
/// Each slot, and the primary, gives tickets out of a range of its own, so that nobody shares:
/// offer() is for the one process that holds the slot's seat. All else is for anybody.
class tickets {
public:
    static constexpr std::uint32_t from_primary = 0xffff;
    /// Tickets that one slot (the primary) may have under way.
    static constexpr std::uint32_t per_slot = tickets_per_slot;
    static constexpr std::uint32_t of_primary = tickets_of_primary;
    /// When a range is used up, entries of this age are given out again: both sides are long gone.
    static constexpr nanoseconds abandoned_after = std::chrono::minutes{5};

    tickets(ticket_table& in, unsigned slots) noexcept
        : in_{&in}, slots_{slots}
    {}

    /// Nothing: all of the giver's tickets are under way (keep the connection), or there is no such
    /// slot.
    [[nodiscard]] std::optional<ticket> offer(const ticket_terms& what,
                                              steady_time now) const noexcept;
    /// True: the connection is the caller's from now on. False: somebody was faster, or revoked it.
    [[nodiscard]] bool take(ticket which) const noexcept;
    /// As take(), and true also if it was taken before: for the taker's successor.
    [[nodiscard]] bool hold(ticket which) const noexcept;
    /// True: it stays with the giver, now or since an earlier call. False: it is gone.
    [[nodiscard]] bool revoke(ticket which) const noexcept;
    /// Frees a taken or revoked entry. By the winner, once its journal says so.
    void settle(ticket which) const noexcept;

    /// One ticket as it was at one moment. A value.
    struct reading {
        ticket which = ticket::none;
        passage now = passage::free;
        ticket_terms terms;
        steady_time since;
    };
    /// Nothing: the number is stale.
    [[nodiscard]] std::optional<reading> look(ticket which) const noexcept;
    /// The slot that gave it, or from_primary; nothing: no such number.
    [[nodiscard]] std::optional<std::uint32_t> giver(ticket which) const noexcept;

    /// The one under which this very socket is offered to `to`: for a descriptor that came out of
    /// an inbox and whose message died with its reader. Looks at the whole table.
    struct sought {
        std::uint64_t cookie = 0;
        std::uint32_t to = 0;
    };
    [[nodiscard]] std::optional<ticket> find_offered(const sought& what) const noexcept;
    /// All that are not settled and speak of this socket. Looks at the whole table.
    [[nodiscard]] std::vector<reading> about(std::uint64_t cookie) const;
    /// All that are not settled, of one giver.
    [[nodiscard]] std::vector<reading> under_way(std::uint32_t from) const;
    /// Settles all that a slot won and its dead worker did not settle: taken by it, or revoked by
    /// it. For its successor, once no record of its journal is `passing`; and when the slot is
    /// closed for good. An offer of the dead that nobody can take (it was never sent) is left, and
    /// used again when the range is full and it is old.
    void settle_all(std::uint32_t slot) const noexcept;

private:
    struct range {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
    };
    [[nodiscard]] range range_of(std::uint32_t from) const noexcept;
    [[nodiscard]] std::uint32_t entries() const noexcept;
    [[nodiscard]] ticket_entry* entry(ticket which) const noexcept;
    [[nodiscard]] std::optional<ticket> issue(std::uint32_t index, const ticket_terms& what,
                                              steady_time now) const noexcept;
    [[nodiscard]] bool move(ticket which, passage from, passage to) const noexcept;

    ticket_table* in_;
    unsigned slots_;
};

}  // namespace cohort::board
