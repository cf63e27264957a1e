#pragma once
// Which accepted connections wait, and which are on their way to which slot. An automaton: it
// holds descriptors, and asks the kernel nothing.

#include <cohort/base/clock.hpp>
#include <cohort/primary/parcel.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace cohort::primary {

/// A resource. A connection is in exactly one place: waiting, or on its way to one slot, until the
/// slot's worker confirms it. Whatever happens to the worker, it can be taken back.
class dealing_book {
public:
    /// A connection that comes back more often than this has perhaps killed them.
    static constexpr unsigned attempts_max = 5;

    explicit dealing_book(std::size_t waiting_max)
        : waiting_max_{waiting_max}
    {}

    /// Sequences go on behind this one: letters about those of a dead primary name none of ours.
    void count_from(std::uint64_t sequence) noexcept { sequence_ = sequence; }

    [[nodiscard]] bool full() const noexcept { return waiting_.size() >= waiting_max_; }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    /// Of one endpoint.
    [[nodiscard]] std::size_t waiting(std::uint32_t endpoint) const noexcept;
    [[nodiscard]] std::size_t on_their_way() const noexcept { return on_their_way_; }

    /// Newly accepted: last in the row. Also beyond waiting_max: refusing would lose it.
    void wait(parcel what);
    /// Was on its way and came back: first in the row, it has waited the longest.
    void wait_again(parcel what);
    [[nodiscard]] std::optional<parcel> next();

    /// The sequence that the next given() will use, for the envelope.
    [[nodiscard]] std::uint64_t next_sequence() const noexcept { return sequence_ + 1; }
    /// A duplicate was given to `slot`.
    std::uint64_t given(std::uint32_t slot, parcel what, steady_time when);

    /// The slot's worker has it, or does not want it, or never saw it. Nothing: it was not on its
    /// way there.
    [[nodiscard]] std::optional<parcel> take_back(std::uint32_t slot, std::uint64_t sequence);
    /// The slot's worker is dead: all that it did not confirm, oldest first, with one more attempt.
    /// `spent` are those that have had too many.
    struct returned {
        std::vector<parcel> again;
        std::vector<parcel> spent;
    };
    [[nodiscard]] returned take_back_all(std::uint32_t slot);

    [[nodiscard]] std::size_t towards(std::uint32_t slot) const noexcept;
    /// All on its way to any slot that was given before.
    struct place {
        std::uint32_t slot = 0;
        std::uint64_t sequence = 0;
    };
    [[nodiscard]] std::vector<place> sent_before(steady_time when) const;
    /// One that is on its way; nullptr: it is not.
    [[nodiscard]] const parcel* look(place at) const noexcept;
    /// When the oldest connection on its way to the slot was given.
    [[nodiscard]] std::optional<steady_time> oldest(std::uint32_t slot) const noexcept;

private:
    struct sent {
        parcel what;
        steady_time when;
    };

    std::size_t waiting_max_;
    std::deque<parcel> waiting_;
    std::map<std::uint32_t, std::size_t> waiting_at_;              // by endpoint
    std::map<std::uint32_t, std::map<std::uint64_t, sent>> sent_;  // by slot and sequence
    std::size_t on_their_way_ = 0;
    std::uint64_t sequence_ = 0;
};

}  // namespace cohort::primary
