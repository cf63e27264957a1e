#pragma once

#include <cohort/board/layout.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cohort::http {

/// Keys of one section that can be in one place. One word each: 35 bits of the key's hash, 8 of the
/// owner's number, one for a claim, 20 for a count. Free: 0, or another owner's number.
struct alignas(64) concurrency_set {
    static constexpr std::size_t ways = 8;
    std::array<std::atomic<std::uint64_t>, ways> cells;
};

/// What a table has once. Behind it a section of sets for each slot.
struct alignas(4096) concurrency_head {
    std::array<std::atomic<std::uint64_t>, 2> secret;  // 0: not drawn yet
    std::atomic<std::uint64_t> slots_used;             // slots from here on never had an owner
    std::atomic<std::uint64_t> uncounted;
    // Whose a section is: a worker's number, as in its row; 0: nobody's, whatever is in it.
    alignas(128) std::array<std::atomic<std::uint64_t>, board::slots_max> owners;
};
inline constexpr std::uint32_t concurrency_table_layout = 1;  // raise on any change above
static_assert(sizeof(concurrency_head) == 4096 && sizeof(concurrency_set) == 64);

/// How many requests of each key are under way, in memory that processes share. A view; a value.
///
/// Every worker counts in a section of its own, and the number of a key is the sum over all
/// sections whose owner still sits in its slot. So nothing has to be cleaned up behind the dead:
/// when they are buried, or when a successor sits down, what they had counted is void.
///
/// Who wants a place claims it first, in its own section, and then adds up: it has it if claims and
/// counts of all are no more than the limit. Of any group that is too large, whoever claimed last
/// has seen all the others, so there is no such group. Of two that claim the last place at once the
/// one in the lower slot stays.
///
/// Loop: any number of processes, but one thread of each. Lifetime: the memory's.
class concurrency_table {
public:
    static constexpr std::uint64_t limit_max = 1'000'000;

    /// For so many keys of each worker, rounded up to 8 times a power of two.
    [[nodiscard]] static std::size_t bytes_for(std::size_t keys) noexcept;

    /// `memory` is bytes_for() some number, at a multiple of 64, zeros or what a table left there.
    /// `rows`: of the board; none: this process is alone.
    concurrency_table(std::span<std::byte> memory, std::span<const board::slot> rows) noexcept;

    /// The same text has the same hash in every process that shares this memory.
    [[nodiscard]] std::uint64_t hash(std::string_view key) const noexcept;

    enum class entry : std::uint8_t {
        counted,    ///< leave() must follow.
        uncounted,  ///< There is no room to count it: it has a place all the same.
        refused,
    };
    /// What became of a request, and how many are under way, itself included if it is counted.
    struct ruling {
        entry what = entry::refused;
        std::uint64_t under_way = 0;
    };
    /// A request of the key with that hash, in the worker that sits in `slot`.
    [[nodiscard]] ruling enter(std::uint64_t key, std::uint64_t limit, std::size_t slot) noexcept;

    /// The same for one that had a place in a worker that died: it has one, whatever the limit is.
    [[nodiscard]] ruling enter_again(std::uint64_t key, std::size_t slot) noexcept;

    /// One that was counted in that slot is over.
    void leave(std::uint64_t key, std::size_t slot) noexcept;

    [[nodiscard]] std::uint64_t under_way(std::uint64_t key) const noexcept;

    /// Requests that were let in without being counted, since the memory was made.
    [[nodiscard]] std::uint64_t uncounted() const noexcept;

private:
    using cell = std::atomic<std::uint64_t>;
    struct sum;

    [[nodiscard]] concurrency_set& set_of(std::uint64_t key, std::size_t slot) const noexcept;
    [[nodiscard]] std::uint64_t worker_in(std::size_t slot) const noexcept;
    [[nodiscard]] std::uint64_t here(std::size_t slot) const noexcept;
    void move_in(std::size_t slot, std::uint64_t who) noexcept;
    [[nodiscard]] cell* take(std::uint64_t key, std::size_t slot) noexcept;
    [[nodiscard]] sum others(std::uint64_t key, std::size_t slot) const noexcept;
    [[nodiscard]] ruling decide(cell& mine, std::uint64_t key, std::uint64_t limit,
                                std::size_t slot) noexcept;
    ruling let_in() noexcept;

    concurrency_head* head_;
    concurrency_set* sections_;
    std::size_t mask_;
    std::span<const board::slot> rows_;
};

}  // namespace cohort::http
