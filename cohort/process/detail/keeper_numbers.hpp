#pragma once
// The descriptors of a keeper, at numbers that nobody else gets: each is open for as long as the
// keeper lives, if only on /dev/null, and changes hands in one step. So neither the sweep of a
// successor nor a worker that looks for a free number can ever meet one of them. Closed to others.

#include <cohort/base/error.hpp>

#include <array>

namespace cohort::process::detail {

/// The numbers. A resource of the whole table; only the keeper changes what is behind them.
class keeper_numbers {
public:
    static constexpr int twins_max = 8;

    /// Occupies a range, from 512 on if there is room. Errors: EMFILE, the limit is too low.
    [[nodiscard]] static result<keeper_numbers> reserve();

    [[nodiscard]] int line() const noexcept { return first_; }
    [[nodiscard]] int bell() const noexcept { return first_ + 1; }
    [[nodiscard]] int pidfd(int twin) const noexcept { return twins() + 3 * twin; }
    [[nodiscard]] int channel(int twin) const noexcept { return twins() + 3 * twin + 1; }
    [[nodiscard]] int twin_end(int twin) const noexcept { return twins() + 3 * twin + 2; }

    /// Puts `what` behind one of our numbers, and closes its old one. Cannot fail, since the number
    /// is taken already; unless a worker has closed `what`, which is then its own loss.
    void settle(int number, int what) const noexcept;
    /// Closes what is behind it.
    void vacate(int number) const noexcept;

    /// Gives three numbers back, for when the dead have used up all others; only while nobody else
    /// uses this table. What comes to be open there is settled elsewhere before take_back().
    void lend() const noexcept;
    void take_back() const noexcept;

private:
    static constexpr int spares = 3;
    static constexpr int count = 3 + 3 * twins_max + spares;

    explicit keeper_numbers(int first) noexcept
        : first_{first}
    {}
    [[nodiscard]] int nothing() const noexcept { return first_ + 2; }
    [[nodiscard]] int twins() const noexcept { return first_ + 3; }
    [[nodiscard]] int spare() const noexcept { return twins() + 3 * twins_max; }

    int first_;
};

}  // namespace cohort::process::detail
