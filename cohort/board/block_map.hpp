#pragma once

#include <cohort/board/journal_layout.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cohort::board {

/// One bit for each block of an arena. A value; private to a process.
class block_map {
public:
    explicit block_map(std::uint32_t blocks)
        : blocks_{blocks}, words_((std::size_t{blocks} + 63) / 64)
    {}

    [[nodiscard]] std::uint32_t blocks() const noexcept { return blocks_; }

    /// Not none, and inside. All below expect this of their extent.
    [[nodiscard]] bool contains(extent what) const noexcept
    {
        return what.blocks != 0 && what.first < blocks_ && what.blocks <= blocks_ - what.first;
    }

    void set(extent what) noexcept
    {
        if (in_one_word(what))
            words_[what.first / 64] |= mask(what);
        else
            set_long(what);
    }
    void clear(extent what) noexcept
    {
        if (in_one_word(what))
            words_[what.first / 64] &= ~mask(what);
        else
            clear_long(what);
    }
    void clear() noexcept;
    [[nodiscard]] bool all(extent what) const noexcept
    {
        return in_one_word(what) ? (words_[what.first / 64] & mask(what)) == mask(what)
                                 : all_long(what);
    }
    [[nodiscard]] bool any(extent what) const noexcept;
    [[nodiscard]] std::uint32_t count(extent what) const noexcept;
    /// Sets it, and in `twice` those blocks of it that were set before.
    void set_noting(extent what, block_map& twice) noexcept;

    /// The first block at or behind `from` that is clear (set); blocks() if there is none.
    [[nodiscard]] std::uint32_t next_clear(std::uint32_t from) const noexcept;
    [[nodiscard]] std::uint32_t next_set(std::uint32_t from) const noexcept;

private:
    // Nearly all extents are one or two blocks, and this is on the path of every request.
    [[nodiscard]] static bool in_one_word(extent what) noexcept
    {
        return what.first % 64 + what.blocks <= 64;
    }
    [[nodiscard]] static std::uint64_t mask(extent what) noexcept
    {
        return (~std::uint64_t{0} >> (64 - what.blocks)) << (what.first % 64);
    }
    void set_long(extent what) noexcept;
    void clear_long(extent what) noexcept;
    [[nodiscard]] bool all_long(extent what) const noexcept;

    std::uint32_t blocks_;
    std::vector<std::uint64_t> words_;
};

}  // namespace cohort::board
