#pragma once

#include <cohort/board/layout.hpp>

#include <sys/types.h>

#include <cstdint>

namespace cohort::board {

/// A worker's own view of where it stands, as it writes it into its row.
enum class stage : std::uint32_t { vacant, booting, serving, draining, leaving };

/// Generation and pid in one word, so that both change in one store.
[[nodiscard]] constexpr std::uint64_t tenant_of(std::uint32_t generation, pid_t pid) noexcept
{
    return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(pid);
}

[[nodiscard]] constexpr pid_t pid_of(std::uint64_t tenant) noexcept
{
    return static_cast<pid_t>(tenant & 0xffff'ffffU);
}

[[nodiscard]] constexpr std::uint32_t generation_of(std::uint64_t tenant) noexcept
{
    return static_cast<std::uint32_t>(tenant >> 32);
}

/// Who moves into a row.
struct newcomer {
    std::uint64_t tenant = 0;
    std::uint64_t worker_id = 0;
};

/// Gives a vacant row to a newborn worker: clears it, then names the tenant. Primary only.
void move_in(slot& row, newcomer who) noexcept;

/// Makes a row vacant and clears it. Primary only, after the tenant was reaped: it must not write
/// any more. Read it before, if its totals are to be kept.
void vacate(slot& row) noexcept;

/// Adds to a word of which the caller is the only writer: a load and a store, 3 times cheaper than
/// an atomic addition. Two writers would lose counts.
template <class T>
void add(std::atomic<T>& word, T amount) noexcept
{
    word.store(word.load(std::memory_order_relaxed) + amount, std::memory_order_release);
}

/// Takes away from a word of which the caller is the only writer; stops at zero.
template <class T>
void subtract(std::atomic<T>& word, T amount) noexcept
{
    const T now = word.load(std::memory_order_relaxed);
    word.store(now > amount ? now - amount : T{0}, std::memory_order_release);
}

/// Sets a word of which the caller is the only writer.
template <class T>
void set(std::atomic<T>& word, T value) noexcept
{
    word.store(value, std::memory_order_release);
}

}  // namespace cohort::board
