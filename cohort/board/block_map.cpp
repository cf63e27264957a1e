#include <cohort/board/block_map.hpp>

#include <algorithm>
#include <bit>

namespace cohort::board {

namespace {

constexpr std::uint64_t ones = ~std::uint64_t{0};

/// Calls deed(index of the word, bits of the extent in it) until it says false.
template <class Deed>
bool each_word(extent what, Deed deed) noexcept
{
    std::uint32_t at = what.first;
    const std::uint32_t end = what.first + what.blocks;
    while (at < end) {
        const std::uint32_t bit = at % 64;
        const std::uint32_t count = std::min(64 - bit, end - at);
        const std::uint64_t mask = (ones >> (64 - count)) << bit;
        if (!deed(at / 64, mask))
            return false;
        at += count;
    }
    return true;
}

}  // namespace

void block_map::set_long(extent what) noexcept
{
    each_word(what, [this](std::size_t word, std::uint64_t mask) {
        words_[word] |= mask;
        return true;
    });
}

void block_map::clear_long(extent what) noexcept
{
    each_word(what, [this](std::size_t word, std::uint64_t mask) {
        words_[word] &= ~mask;
        return true;
    });
}

void block_map::clear() noexcept { std::ranges::fill(words_, 0U); }

bool block_map::all_long(extent what) const noexcept
{
    return each_word(what, [this](std::size_t word, std::uint64_t mask) {
        return (words_[word] & mask) == mask;
    });
}

bool block_map::any(extent what) const noexcept
{
    return !each_word(
        what, [this](std::size_t word, std::uint64_t mask) { return (words_[word] & mask) == 0; });
}

std::uint32_t block_map::count(extent what) const noexcept
{
    std::uint32_t total = 0;
    each_word(what, [this, &total](std::size_t word, std::uint64_t mask) {
        total += static_cast<std::uint32_t>(std::popcount(words_[word] & mask));
        return true;
    });
    return total;
}

void block_map::set_noting(extent what, block_map& twice) noexcept
{
    each_word(what, [this, &twice](std::size_t word, std::uint64_t mask) {
        twice.words_[word] |= words_[word] & mask;
        words_[word] |= mask;
        return true;
    });
}

std::uint32_t block_map::next_clear(std::uint32_t from) const noexcept
{
    for (std::size_t word = from / 64; word < words_.size(); ++word) {
        const std::uint64_t before = word == from / 64 ? ~(ones << (from % 64)) : 0;
        const std::uint64_t clear = ~(words_[word] | before);
        if (clear != 0) {
            const auto at = static_cast<std::uint32_t>(word * 64) +
                            static_cast<std::uint32_t>(std::countr_zero(clear));
            return std::min(at, blocks_);
        }
    }
    return blocks_;
}

std::uint32_t block_map::next_set(std::uint32_t from) const noexcept
{
    for (std::size_t word = from / 64; word < words_.size(); ++word) {
        const std::uint64_t after = word == from / 64 ? ones << (from % 64) : ones;
        const std::uint64_t set = words_[word] & after;
        if (set != 0)
            return static_cast<std::uint32_t>(word * 64) +
                   static_cast<std::uint32_t>(std::countr_zero(set));
    }
    return blocks_;
}

}  // namespace cohort::board
