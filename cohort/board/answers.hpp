#pragma once
// How one worker's answers went: how many failed, and how long they took. One writer, the worker;
// cleared by the primary, or by a successor, as the row is.

#include <cohort/base/clock.hpp>
#include <cohort/board/layout.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace cohort::board {

/// Which bucket of answer_cells a time belongs to. Whole milliseconds up to 7, then four buckets an
/// octave: a bucket is at most a quarter wider than where it begins.
[[nodiscard]] constexpr std::size_t bucket_of(nanoseconds took) noexcept
{
    const auto count = took.count() / 1'000'000;
    const std::uint64_t ms = count < 0 ? 0 : static_cast<std::uint64_t>(count);
    if (ms < 8)
        return static_cast<std::size_t>(ms);
    const auto octave = static_cast<std::size_t>(std::bit_width(ms)) - 1;  // 3 and more
    const auto quarter = static_cast<std::size_t>(ms >> (octave - 2)) & 3U;
    const std::size_t at = 8 + (octave - 3) * 4 + quarter;
    return at < answer_buckets ? at : answer_buckets - 1;
}

/// Where a bucket begins.
[[nodiscard]] constexpr nanoseconds start_of(std::size_t bucket) noexcept
{
    if (bucket < 8)
        return milliseconds{static_cast<std::int64_t>(bucket)};
    const std::size_t octave = 3 + (bucket - 8) / 4;
    const std::size_t quarter = (bucket - 8) % 4;
    return milliseconds{static_cast<std::int64_t>((4 + quarter) << (octave - 2))};
}

/// What cells said at one moment, or the sum of several. A value.
struct answer_counts {
    std::uint64_t failed = 0;  ///< with a status of 500 or more
    std::array<std::uint64_t, answer_buckets> took{};

    [[nodiscard]] std::uint64_t total() const noexcept;
    /// Where the bucket begins that the slowest hundredth (0.99) begins in; 0 without answers.
    [[nodiscard]] nanoseconds percentile(double share) const noexcept;

    answer_counts& operator+=(const answer_counts& other) noexcept;
    /// Since `before`; what went back (a worker was replaced) counts from zero.
    [[nodiscard]] answer_counts since(const answer_counts& before) const noexcept;
};

/// The worker's own thread only.
void note_answer(answer_cells& into, unsigned status, nanoseconds took) noexcept;

[[nodiscard]] answer_counts read(const answer_cells& from) noexcept;
void clear(answer_cells& which) noexcept;

}  // namespace cohort::board
