#pragma once
// Fingerprints of requests that kill workers, for every process of the cohort to refuse.

#include <cohort/base/clock.hpp>
#include <cohort/board/layout.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace cohort::board {

/// A view of the scoreboard's table of poison. Many writers, which may die at any instruction: a
/// death loses at most what it was about to add. Lifetime: the segment's.
///
/// A fingerprint that struck once is a suspect: one worker at a time may run it, until a run has
/// ended well. One that struck twice is in quarantine: nobody may.
///
/// An entry is a fingerprint, how often it struck, and who runs it, in three words, of which the
/// latter two say again whose they are, so that no half of one is taken for a half of another.
class quarantine {
public:
    /// Strikes within the period after which a fingerprint is refused.
    static constexpr unsigned strikes_max = 2;
    /// No entry counts longer than this, whatever a wild pointer wrote.
    static constexpr nanoseconds longest = std::chrono::hours{24};
    /// Whoever runs a suspect for longer no longer keeps others from it.
    static constexpr seconds trial_max{60};

    /// `rows`: the board's, by slot: a worker that runs nothing need not be waited for.
    explicit quarantine(quarantine_table& in, std::span<const slot> rows = {}) noexcept
        : in_{&in}, rows_{rows}
    {}

    /// Nothing is known against anybody, nor was lately: one relaxed load.
    [[nodiscard]] bool empty() const noexcept
    {
        return in_->last_until_ns.load(std::memory_order_relaxed) == 0;
    }

    /// Is it to be refused? Counts what it catches.
    [[nodiscard]] bool contains(std::uint64_t fingerprint, steady_time now) const noexcept;

    /// Did it strike within the period?
    [[nodiscard]] bool suspects(std::uint64_t fingerprint, steady_time now) const noexcept;

    /// The fingerprint may have killed: counts one strike, and (again) `lasting` from `now` on.
    /// Neither allocates nor locks: a crash handler may call it.
    /// @return  strikes within the period, this one included; from strikes_max on it is refused.
    unsigned strike(std::uint64_t fingerprint, steady_time now, nanoseconds lasting) const noexcept;

    /// Refuses it from now on, whatever it did before.
    void add(std::uint64_t fingerprint, steady_time now, nanoseconds lasting) const noexcept;

    // Running a suspect.

    /// A worker. A value.
    struct runner {
        std::uint32_t slot = 0;
        std::uint32_t pid = 0;
    };

    enum class leave : std::uint8_t {
        free,     ///< Nothing is known against it, or a run has ended well since it struck.
        alone,    ///< A suspect that nobody else may run until the caller's release().
        later,    ///< A suspect that somebody runs, or may be running without knowing.
        refused,  ///< In quarantine; counted.
    };
    /// May this worker run it now? While the table is empty() it may: look at that first.
    [[nodiscard]] leave ask(std::uint64_t fingerprint, steady_time now, runner who) const noexcept;

    enum class ending : std::uint8_t {
        well,     ///< It is run by everybody again; its strikes stay for the period.
        unknown,  ///< It was not run to its end.
    };
    void release(std::uint64_t fingerprint, runner who, ending how) const noexcept;

    /// A worker of this slot is dead: what it ran alone, others may try.
    void release_all(std::uint32_t slot) const noexcept;

    /// How many cases there were so far.
    [[nodiscard]] std::uint32_t cases() const noexcept
    {
        return in_->cases.load(std::memory_order_acquire);
    }
    /// The last count for which this slot has said so.
    [[nodiscard]] std::uint32_t passed(std::uint32_t slot) const noexcept;
    /// Says that the slot runs no suspect that it began before there were so many cases, unless it
    /// had asked.
    void pass(std::uint32_t slot, std::uint32_t cases) const noexcept;

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
    [[nodiscard]] bool is_over(steady_time now) const noexcept;
    [[nodiscard]] unsigned strikes(std::uint64_t fingerprint, steady_time now) const noexcept;
    [[nodiscard]] bool all_passed() const noexcept;
    [[nodiscard]] leave try_alone(quarantine_entry& at, steady_time now, runner who) const noexcept;
    unsigned hit(const blow& with) const noexcept;
    [[nodiscard]] quarantine_entry* find(std::uint64_t fingerprint) const noexcept;
    quarantine_entry* make_room(const blow& with) const noexcept;
    [[nodiscard]] std::size_t used() const noexcept;

    quarantine_table* in_;
    std::span<const slot> rows_;
};

}  // namespace cohort::board
