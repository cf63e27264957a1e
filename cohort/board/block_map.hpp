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

    void set(extent what) noexcept;
    void clear(extent what) noexcept;
    void clear() noexcept;
    [[nodiscard]] bool all(extent what) const noexcept;
    [[nodiscard]] bool any(extent what) const noexcept;
    /// Sets it, and in `twice` those blocks of it that were set before.
    void set_noting(extent what, block_map& twice) noexcept;

    /// The first block at or behind `from` that is clear (set); blocks() if there is none.
    [[nodiscard]] std::uint32_t next_clear(std::uint32_t from) const noexcept;
    [[nodiscard]] std::uint32_t next_set(std::uint32_t from) const noexcept;

private:
    std::uint32_t blocks_;
    std::vector<std::uint64_t> words_;
};

}  // namespace cohort::board
