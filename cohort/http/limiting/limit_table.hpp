#pragma once

#include <cohort/http/keyed_hash.hpp>
#include <cohort/http/limiting/limit_rule.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cohort::http {

/// The table's memory, all zeros at first. Changed by exchanges of single words, so that whoever
/// dies leaves it whole.
struct limit_cell {
    std::atomic<std::uint64_t> key;   // its hash; 0: nobody's
    std::atomic<std::uint64_t> used;  // 12 bits of that hash, 52 of a limit_word
};
/// Where a key can be: in one of these, and nowhere else.
struct limit_set {
    static constexpr std::size_t ways = 8;
    std::array<limit_cell, ways> cells;
};
/// What a table has once.
struct limit_table_head {
    std::array<std::atomic<std::uint64_t>, 2> secret;  // 0: not drawn yet
    std::atomic<std::uint64_t> evicted;
    std::array<std::uint64_t, 13> reserved;
};
inline constexpr std::uint32_t limit_table_layout = 2;  // raise on any change above
static_assert(sizeof(limit_set) == 128 && sizeof(limit_table_head) == 128);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// What many keys have used of one limit, in memory that processes share. A view; a value. Any
/// thread, any process; no locks.
///
/// It has room for so many keys and no more: a new one takes the place of one that has nothing
/// left to remember, or else of the one that forgets soonest. Who is forgotten starts afresh, so
/// eviction can loosen a limit and never tighten one.
///
/// Lifetime: the memory's.
class limit_table {
public:
    /// For `keys` of them, rounded up to 8 times a power of two.
    [[nodiscard]] static std::size_t bytes_for(std::size_t keys) noexcept;

    /// `memory` is bytes_for() some number, at a multiple of 64, zeros or what a table left there.
    explicit limit_table(std::span<std::byte> memory) noexcept;

    /// The same text has the same hash in every process that shares this memory.
    [[nodiscard]] std::uint64_t hash(std::string_view key) const noexcept;

    /// One request of the key with that hash.
    [[nodiscard]] limit_ruling hit(const limit_rule& by, std::uint64_t key,
                                   std::uint64_t now_ns) const noexcept;

    /// Takes back the hit that was admitted with `then` as its next word.
    void give_back(const limit_rule& by, std::uint64_t key, limit_word then,
                   std::uint64_t now_ns) const noexcept;

    /// Keys that were forgotten before their time, since the memory was made.
    [[nodiscard]] std::uint64_t evicted() const noexcept;

private:
    [[nodiscard]] limit_set& set_of(std::uint64_t key) const noexcept;
    [[nodiscard]] limit_cell* find(std::uint64_t key) const noexcept;
    void claim(const limit_rule& by, std::uint64_t key, std::uint64_t now_ns) const noexcept;

    limit_table_head* head_;
    limit_set* sets_;
    std::size_t mask_;
};

}  // namespace cohort::http
