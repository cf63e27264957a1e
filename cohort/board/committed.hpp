#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <type_traits>

namespace cohort::board {

/// A value in shared memory that changes as one: the writer may die between any two instructions,
/// and what is left is the old value or the new one. One writer; readers that do not write at the
/// same time. All zeros is T of zeros.
template <class T>
    requires std::is_trivially_copyable_v<T>
struct committed {
    std::atomic<std::uint32_t> turn;  ///< Which copy counts: the lowest bit.
    std::array<T, 2> copies;

    [[nodiscard]] const T& value() const noexcept
    {
        return copies[turn.load(std::memory_order_acquire) & 1U];
    }
    /// Makes `next` the value, as one step.
    void commit(const T& next) noexcept
    {
        const std::uint32_t now = turn.load(std::memory_order_relaxed);
        copies[(now + 1) & 1U] = next;
        turn.store(now + 1, std::memory_order_release);
    }
};

}  // namespace cohort::board
