#pragma once

#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/metric_layout.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace cohort::board {

/// Who writes into a column. A value.
struct metric_writer {
    /// Seats of who has no slot.
    static constexpr std::uint32_t primary = 0xffff'fffe;
    static constexpr std::uint32_t nobody = 0xffff'ffff;

    /// Which of its columns.
    static constexpr std::uint16_t own = 0;           ///< with its gauges
    static constexpr std::uint16_t shared = 1;        ///< for threads that add by exchange
    static constexpr std::uint16_t first_thread = 2;  ///< and up: each of one thread

    pid_t pid = 0;
    std::uint32_t slot = nobody;
    std::uint16_t part = own;

    /// As it stands in the column: slot, 32 bits | part, 16 bits.
    [[nodiscard]] constexpr std::uint64_t seat() const noexcept
    {
        return std::uint64_t{slot} << 16 | part;
    }
};

/// Says that something is in the line of that word, or is about to be. Before it is written: so
/// whoever is killed meanwhile has left no number that nobody finds.
inline void touch(metric_block& in, std::size_t at) noexcept
{
    const std::size_t line = at / metric_line_words;
    in.touched[line / 64].fetch_or(std::uint64_t{1} << line % 64, std::memory_order_release);
}
[[nodiscard]] inline bool is_touched(const metric_block& in, std::size_t at) noexcept
{
    const std::size_t line = at / metric_line_words;
    return (in.touched[line / 64].load(std::memory_order_acquire) >> line % 64 & 1U) != 0;
}

/// Adds to a word that nobody else writes.
inline void grow(metric_block& in, std::size_t at, std::uint64_t amount) noexcept
{
    metric_word& word = in.words[at];
    const std::uint64_t before = word.load(std::memory_order_relaxed);
    if (before == 0) [[unlikely]]
        touch(in, at);
    word.store(before + amount, std::memory_order_release);
}
/// Adds to a word that others write, too.
inline void grow_shared(metric_block& in, std::size_t at, std::uint64_t amount) noexcept
{
    if (in.words[at].load(std::memory_order_relaxed) == 0)
        touch(in, at);
    in.words[at].fetch_add(amount, std::memory_order_release);
}

/// Words for metrics, in memory that outlives its writers. A view; a value. Lifetime: the memory's.
///
/// A column belongs to one process at a time, or to one of its threads, so each word has one
/// writer. Who dies leaves its column as it is: what it had counted is there and counts, and the
/// next process that needs a column goes on with the same words. Nothing is folded, so nothing is
/// lost or counted twice, whenever anybody dies. A column consists of pages that are taken when
/// they are needed, and never given back.
///
/// Words of gauges are zeroed when a column changes hands; until then is_current() says that they
/// count no more.
class metric_cells {
public:
    /// Column 0 is nobody's and everybody's: add to it by atomic addition only. For who finds no
    /// other.
    static constexpr std::uint32_t common = 0;

    /// Errors: those of commons::area().
    [[nodiscard]] static result<metric_cells> in(const commons& where);

    [[nodiscard]] metric_head& head() const noexcept { return *head_; }

    /// A column of its own, until it dies; common if there is none. Once for each writer and image:
    /// what a writer of the same pid and seat had, but for metric_writer::nobody, was the program's
    /// that this process ran before. Columns of threads are not among those of processes: what
    /// either needs in pages does not become the other's.
    [[nodiscard]] std::uint32_t claim(const metric_writer& who) const noexcept;
    /// Gives it up at once. Order: nothing writes there any more.
    void leave(std::uint32_t column) const noexcept;

    /// That page of a column; zeros at first. Null: there is no room for one more, which is
    /// counted, but for columns of threads.
    [[nodiscard]] metric_block* find(std::uint32_t column, std::uint32_t page) const noexcept;

    /// What a block is: a page of a column. A value.
    struct block {
        std::uint32_t column = 0;
        std::uint32_t page = 0;
        const metric_block& its;
    };
    /// Calls `visit` with every block that there is.
    template <class Visit>
    void for_each_block(Visit visit) const
    {
        for (std::size_t i = 0; i < metric_blocks_max; ++i) {
            const std::uint64_t word = head_->blocks[i].load(std::memory_order_acquire);
            if (word == 0)
                return;
            const auto column = static_cast<std::uint32_t>(word >> 32) - 1;
            const auto page = static_cast<std::uint32_t>(word);
            if (column < metric_columns_max && page < metric_pages_max)
                visit(block{column, page, blocks_[i]});
        }
    }

    /// Who has a column, or had it last. A value.
    struct tenancy {
        pid_t pid = 0;  ///< 0: nobody
        std::uint32_t slot = metric_writer::nobody;
        std::uint16_t part = metric_writer::own;
        std::uint64_t claim = 0;  ///< of two with the same seat, the greater one has it
    };
    /// pid 0, too: it is changing hands.
    [[nodiscard]] tenancy tenant(std::uint32_t column) const noexcept;

private:
    metric_cells(metric_head& head, std::span<metric_block> blocks) noexcept
        : head_{&head}, blocks_{blocks.data()}
    {}
    [[nodiscard]] bool take(std::uint32_t column, const metric_writer& who) const noexcept;
    void clear_gauges(std::uint32_t column) const noexcept;

    metric_head* head_;
    metric_block* blocks_;
};

/// Has that process ended, and been reaped? False, too: nobody can know.
[[nodiscard]] bool is_gone(pid_t pid) noexcept;

}  // namespace cohort::board
