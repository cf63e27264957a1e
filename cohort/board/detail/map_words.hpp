#pragma once
// The words of a map whose values expire, and how a value is spread over its blocks.

#include <cohort/board/detail/block_words.hpp>
#include <cohort/board/expiring_map.hpp>

#include <cstddef>
#include <cstdint>

namespace cohort::board::detail {

constexpr unsigned map_rest_bits = map_block_bits + map_tag_bits;
constexpr std::uint64_t map_second_mask = (std::uint64_t{1} << map_rest_bits) - 1;
constexpr std::uint64_t map_number_mask = (std::uint64_t{1} << map_number_bits) - 1;

/// Of a cell's word, and of a note's owner.
constexpr std::uint64_t map_number(std::uint64_t word) noexcept { return word >> map_rest_bits; }

constexpr std::uint64_t map_tag(const expiring_map::key& of) noexcept
{
    return of[2] & ((1U << map_tag_bits) - 1);
}
constexpr std::uint64_t map_tag(std::uint64_t cell) noexcept
{
    return (cell >> map_block_bits) & ((1U << map_tag_bits) - 1);
}
constexpr std::size_t map_first_block(std::uint64_t cell) noexcept
{
    return cell & ((1U << map_block_bits) - 1);
}
constexpr std::uint64_t map_cell_word(std::uint64_t number, const expiring_map::key& of,
                                      std::size_t first) noexcept
{
    return number << map_rest_bits | map_tag(of) << map_block_bits | first;
}

constexpr std::uint64_t map_link(std::size_t cell, std::size_t next_plus_one) noexcept
{
    return std::uint64_t{cell} << 32 | next_plus_one;
}
constexpr std::size_t map_link_cell(std::uint64_t link) noexcept { return link >> 32; }
constexpr std::size_t map_link_next(std::uint64_t link) noexcept { return link & 0xffff'ffffU; }

constexpr std::size_t map_blocks_for(std::size_t bytes) noexcept
{
    return (map_first_words + words_for(bytes) + map_block_words - 1) / map_block_words;
}
constexpr std::size_t map_chain_max = map_blocks_for(expiring_map::bytes_max);

/// Of a value under its key, until its time.
inline word_checksum map_checksum(std::uint64_t number, std::int64_t until,
                                  const expiring_map::key& of, std::size_t bytes) noexcept
{
    word_checksum sum{number, bytes};
    sum.add(static_cast<std::uint64_t>(until));
    for (const std::uint64_t word : of)
        sum.add(word);
    return sum;
}

}  // namespace cohort::board::detail
