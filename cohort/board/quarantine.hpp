#pragma once
// Fingerprints of requests that kill workers, for every process of the cohort to refuse.

#include <cohort/base/clock.hpp>
#include <cohort/board/layout.hpp>

#include <cstddef>
#include <cstdint>

namespace cohort::board {

/// A view of the scoreboard's table of poison. Many writers, which may die at any instruction: a
/// death loses at most what it was about to add. Lifetime: the segment's.
///
/// An entry is a fingerprint and how often it struck; both in two words, the second of which says
/// again whose it is, so that no half of one is taken for a half of another.
class quarantine {
public:
    /// Strikes within the period after which a fingerprint is refused.
    static constexpr unsigned strikes_max = 2;
    /// No entry counts longer than this, whatever a wild pointer wrote.
    static constexpr nanoseconds longest = std::chrono::hours{24};

    explicit quarantine(quarantine_table& in) noexcept
        : in_{&in}
    {}

    /// Nobody is in quarantine, nor was lately: one relaxed load.
    [[nodiscard]] bool empty() const noexcept
    {
        return in_->last_until_ns.load(std::memory_order_relaxed) == 0;
    }

    /// Is it to be refused? One relaxed load while the table is empty(); call it with a coarse
    /// clock then, or look at empty() first. Counts what it catches.
    [[nodiscard]] bool contains(std::uint64_t fingerprint, steady_time now) const noexcept
    {
        return !empty() && look(fingerprint, now);
    }

    /// The fingerprint may have killed: counts one strike, and (again) `lasting` from `now` on.
    /// @return  strikes within the period, this one included; from strikes_max on it is refused.
    unsigned strike(std::uint64_t fingerprint, steady_time now, nanoseconds lasting) const noexcept;

    /// Refuses it from now on, whatever it did before.
    void add(std::uint64_t fingerprint, steady_time now, nanoseconds lasting) const noexcept;

    /// Since the cohort began. A value.
    struct totals {
        std::uint64_t added = 0;      ///< fingerprints that came to be refused
        std::uint64_t displaced = 0;  ///< the table was full: the one with the least time left went
        std::uint64_t caught = 0;     ///< requests refused
    };
    [[nodiscard]] totals total() const noexcept;

    /// How many are refused at that moment.
    [[nodiscard]] std::size_t size(steady_time now) const noexcept;

private:
    struct blow;
    [[nodiscard]] bool look(std::uint64_t fingerprint, steady_time now) const noexcept;
    unsigned hit(const blow& with) const noexcept;
    [[nodiscard]] quarantine_entry* find(std::uint64_t fingerprint) const noexcept;
    quarantine_entry* make_room(const blow& with) const noexcept;
    [[nodiscard]] std::size_t used() const noexcept;

    quarantine_table* in_;
};

}  // namespace cohort::board
