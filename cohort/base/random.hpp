#pragma once

#include <cstdint>

namespace cohort {

/// Every bit of `x` reaches every bit of the result. One to one; no secret.
///
/// Source: SplitMix64's finish, Steele, Lea and Flood, 2014.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/// A small fast generator for jitter and sampling, never for secrets. A value.
///
/// Source: SplitMix64, Steele, Lea and Flood, 2014.
class random_source {
public:
    explicit random_source(std::uint64_t seed) noexcept
        : state_{seed}
    {}

    /// Seeded by the kernel (getrandom(2)); ask again after a fork, or twins roll the same dice.
    static random_source from_kernel() noexcept;

    /// This thread's own, seeded anew in whatever is forked or cloned from here.
    static random_source& of_this_thread() noexcept;

    [[nodiscard]] std::uint64_t next() noexcept;

    /// Evenly spread in [0, 1).
    [[nodiscard]] double fraction() noexcept;

private:
    std::uint64_t state_;
};

}  // namespace cohort
