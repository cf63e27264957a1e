#pragma once
// The journal of one slot: what its worker has read, parsed and answered on every connection, in
// memory that outlives the worker. Mapped by the slot's keeper and its twins only, at one address.
//
// Positions count bytes of a connection's stream from its first byte, as the kernel does. The
// worker may die between any two instructions: `taken` and `given` are notes that the kernel
// corrects (net/kernel_position.hpp); everything else changes by commit(), which is one store.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/journal_layout.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace cohort::board {

/// A resource: the mapping, and this process's view of which blocks are taken.
///
/// header() and record() neither allocate nor lock: a keeper and a crash handler may use them. The
/// rest is for the loop thread of the worker that holds the seat.
class journal {
public:
    static constexpr std::size_t block_bytes = 16'384;
    static constexpr std::uint32_t records_max = 1U << 20;
    static constexpr std::size_t arena_bytes_max = std::size_t{64} << 30;
    static constexpr std::size_t log_bytes = 264 * 1024;

    struct plan {
        std::uint32_t records = 65'536;  ///< Descriptor numbers below it have a record.
        std::size_t arena_bytes = std::size_t{256} << 20;  ///< Reserved, not touched.
        std::uint32_t slot = 0;
    };

    /// A new one: a sealed memfd, mapped shared. Left out of core dumps, which would otherwise give
    /// memory to every page of it. Errors: errc::bad_value; EMFILE, ENOMEM.
    [[nodiscard]] static result<journal> create(const plan& what);
    /// Maps one by its descriptor. Errors: errc::board_layout_mismatch.
    [[nodiscard]] static result<journal> attach(unique_fd fd);

    journal(journal&&) noexcept;
    journal& operator=(journal&&) noexcept;
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;
    ~journal();

    [[nodiscard]] const unique_fd& fd() const noexcept;
    [[nodiscard]] journal_header& header() const noexcept;
    [[nodiscard]] std::uint32_t records() const noexcept;
    [[nodiscard]] std::uint32_t blocks() const noexcept;

    /// The record of a descriptor; nullptr for numbers beyond the plan.
    [[nodiscard]] connection_record* record(int descriptor) const noexcept;

    /// Where lines of the log wait that the worker has not written yet: log_bytes, zeros at first,
    /// aligned to a page.
    [[nodiscard]] std::span<std::byte> log_memory() const noexcept;

    /// A new tenant learns which blocks are taken: those of every record in `live`, and no others.
    ///
    /// @return  Descriptors to be dropped, ascending: no record, a standing that does not exist, or
    ///          blocks outside the arena, or blocks that somebody else claims as well (then both:
    ///          nobody can tell whose bytes they are). They get nothing; do not release() theirs.
    [[nodiscard]] std::vector<int> take_stock(std::span<const int> live);

    /// Gives the kernel back all memory of blocks that nobody has, among them those of the dead.
    /// Once after an adoption, when there is time, and when there was nothing to do for a while:
    /// about 2 us for each gap between taken blocks.
    void trim() noexcept;

    /// At least `bytes` in a row, or none: no room. Warm ones first; what is in them is arbitrary.
    [[nodiscard]] extent allocate(std::size_t bytes) noexcept;
    /// Gives it back; memory beyond a reserve (11 MiB) goes back to the kernel. What is not wholly
    /// taken is left alone.
    void release(extent what) noexcept;
    /// nullptr: none, or outside the arena.
    [[nodiscard]] char* at(extent what) const noexcept;
    [[nodiscard]] static std::size_t size(extent what) noexcept
    {
        return std::size_t{what.blocks} * block_bytes;
    }
    /// Inside the arena, and not none.
    [[nodiscard]] bool contains(extent what) const noexcept;
    [[nodiscard]] std::size_t blocks_taken() const noexcept;

private:
    struct state;
    explicit journal(std::unique_ptr<state> of) noexcept;
    std::unique_ptr<state> state_;
};

}  // namespace cohort::board
