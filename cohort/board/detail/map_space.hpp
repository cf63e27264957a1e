#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/board/detail/map_words.hpp>
#include <cohort/board/expiring_map.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cohort::board {

/// The blocks of a map: who has which. `Probe` is called before every change of shared memory: a
/// test lets the process die there, or lets others go first; otherwise it is nothing.
///
/// A block is its owner's as long as its note has the owner's number. It is free again when the
/// number is taken out, by the one who took the record out of its cell; or by anybody, if no cell
/// has that number and it was claimed so long ago that its owner is dead.
template <class Probe>
class map_space {
public:
    /// Blocks for a record that no cell has yet.
    struct draft {
        std::uint64_t owner = 0;  // as in its notes
        std::vector<std::uint32_t> blocks{};
    };

    map_space(const map_parts& in, steady_time (*clock)() noexcept, Probe& before) noexcept
        : in_{in}, clock_{clock}, before_{before}
    {}

    /// How many blocks a draft shall have, and how many are to be free besides. A value.
    struct want {
        std::size_t blocks;
        std::size_t spare;
    };
    /// Free blocks, until the draft has as many as that. False: there are no more.
    bool claim(draft& into, want what)
    {
        if (into.owner == 0)
            into.owner = draw() << detail::map_rest_bits | second();
        const std::size_t all = in_.notes.size();
        const std::size_t from = in_.head->hint.load() % all;
        std::size_t more = 0;
        for (std::size_t i = 0; i < all; ++i) {
            const bool enough = into.blocks.size() >= what.blocks;
            if (enough && more >= what.spare)
                break;
            const std::size_t at = (from + i) % all;
            std::uint64_t owner = in_.notes[at].owner.load();
            if (owner != 0)
                continue;
            if (enough) {
                ++more;
                continue;
            }
            before_();
            if (in_.notes[at].owner.compare_exchange_strong(owner, into.owner))
                into.blocks.push_back(static_cast<std::uint32_t>(at));
        }
        if (into.blocks.size() < what.blocks)
            return false;
        in_.head->hint.store(into.blocks.back() + 1);
        return more >= what.spare;
    }

    /// Writes the record that shall be in that cell.
    void write(const draft& to, std::size_t cell, const expiring_map::key& of,
               const expiring_map::entry& what)
    {
        const std::size_t words = detail::words_for(what.bytes.size());
        for (std::size_t i = 0; i < to.blocks.size(); ++i) {
            const bool last = i + 1 == to.blocks.size();
            const std::size_t next = last ? 0 : to.blocks[i + 1] + std::size_t{1};
            before_();
            in_.notes[to.blocks[i]].link.store(detail::map_link(cell, next));
        }
        put(to, 0, static_cast<std::uint64_t>(what.until));
        put(to, 1, what.bytes.size());
        for (std::size_t i = 0; i < of.size(); ++i)
            put(to, 3 + i, of[i]);
        detail::word_checksum sum =
            detail::map_checksum(detail::map_number(to.owner), what.until, of, what.bytes.size());
        for (std::size_t i = 0; i < words; ++i) {
            const std::uint64_t word = detail::load_word(what.bytes, i);
            sum.add(word);
            put(to, map_first_words + i, word);
        }
        put(to, 2, sum.value());
    }

    /// Nobody has taken us for dead.
    [[nodiscard]] bool is_ours(const draft& what) const
    {
        return std::ranges::all_of(what.blocks, [&](std::uint32_t at) {
            return in_.notes[at].owner.load() == what.owner;
        });
    }

    void release(draft& what)
    {
        for (const std::uint32_t at : what.blocks)
            static_cast<void>(free(at, what.owner));
        what.blocks.clear();
    }

    /// Of a record that this process has taken out of its cell. How many those were.
    std::size_t free_chain(std::uint64_t cell_word)
    {
        std::size_t at = detail::map_first_block(cell_word);
        std::size_t freed = 0;
        while (freed < detail::map_chain_max && at < in_.notes.size()) {
            const std::uint64_t owner = in_.notes[at].owner.load();
            const std::uint64_t link = in_.notes[at].link.load();
            if (detail::map_number(owner) != detail::map_number(cell_word) || !free(at, owner))
                break;
            ++freed;
            if (detail::map_link_next(link) == 0)
                break;
            at = detail::map_link_next(link) - 1;
        }
        return freed;
    }

    /// What a cell said when somebody looked. A value.
    struct record {
        map_cell* cell = nullptr;
        std::uint64_t word = 0;  // 0: nobody's
        std::int64_t until = 0;
    };
    [[nodiscard]] record look_at(map_cell& cell) const noexcept
    {
        const std::uint64_t word = cell.load();
        const std::size_t first = detail::map_first_block(word);
        if (word == 0 || first >= in_.blocks.size())
            return {.cell = &cell, .word = word, .until = 0};
        // If the cell is the same afterwards, this was its record's.
        const auto until = static_cast<std::int64_t>(in_.blocks[first].data[0].load());
        return {.cell = &cell, .word = word, .until = until};
    }

    /// How closely to look.
    enum class care : std::uint8_t { whether_it_is_over, whether_it_is_whole };
    /// Takes what is over out of so many sets, and gives back as many times 8 blocks of the dead.
    /// How many blocks that freed.
    std::size_t sweep(std::size_t sets, care how, std::int64_t now)
    {
        std::size_t freed = 0;
        for_some(in_.sets, in_.head->next_set, sets, [&](map_set& set) {
            for (map_cell& cell : set.cells)
                freed += sweep_cell(look_at(cell), how, now);
        });
        for_some(in_.notes, in_.head->next_note, sets * map_set::ways,
                 [&](map_note& note) { freed += sweep_note(note) ? 1U : 0U; });
        return freed;
    }

    /// Of so many records, the one that expires first.
    [[nodiscard]] record find_victim(std::size_t of_how_many, const map_cell* spared)
    {
        record found;
        std::size_t seen = 0;
        for (std::size_t i = 0; i < in_.sets.size() && seen < of_how_many; ++i) {
            for_some(in_.sets, in_.head->next_set, 1, [&](map_set& set) {
                for (map_cell& cell : set.cells) {
                    const record each = look_at(cell);
                    if (each.word == 0 || &cell == spared)
                        continue;
                    ++seen;
                    if (found.cell == nullptr || each.until < found.until)
                        found = each;
                }
            });
        }
        return found;
    }

    /// Takes the record out of its cell, if it is still there. How many blocks that freed; nothing:
    /// somebody else was faster.
    std::optional<std::size_t> take_out(const record& what)
    {
        std::uint64_t word = what.word;
        before_();
        if (!what.cell->compare_exchange_strong(word, 0))
            return std::nullopt;
        return free_chain(what.word);
    }

    enum class reading : std::uint8_t { whole, changed, torn };
    /// Gives the record's words to `each`. If they turn out not to be of one piece, the record
    /// goes.
    template <class Each>
    reading read(const record& at, Each each)
    {
        const bool whole = walk(at, each);
        if (at.cell->load() != at.word)
            return reading::changed;
        if (whole)
            return reading::whole;
        if (take_out(at))
            in_.head->torn.fetch_add(1, std::memory_order_relaxed);
        return reading::torn;
    }

    /// How long the record in that cell is; what is more than bytes_max is nonsense.
    [[nodiscard]] std::size_t bytes_of(const record& at) const
    {
        return in_.blocks[detail::map_first_block(at.word)].data[1].load();
    }

private:
    /// Is it as it was written?
    template <class Each>
    [[nodiscard]] bool walk(const record& at, Each& each) const
    {
        std::size_t block = detail::map_first_block(at.word);
        if (!is_of(block, at.word))
            return false;
        const auto& first = in_.blocks[block].data;
        const std::size_t bytes = first[1].load();
        if (bytes > expiring_map::bytes_max)
            return false;
        const expiring_map::key of{first[3].load(), first[4].load(), first[5].load(),
                                   first[6].load()};
        detail::word_checksum sum = detail::map_checksum(
            detail::map_number(at.word), static_cast<std::int64_t>(first[0].load()), of, bytes);
        std::size_t place = map_first_words;
        for (std::size_t left = detail::words_for(bytes); left > 0; --left, ++place) {
            if (place == map_block_words) {
                place = 0;
                block = detail::map_link_next(in_.notes[block].link.load()) - 1;
                if (!is_of(block, at.word))
                    return false;
            }
            const std::uint64_t word = in_.blocks[block].data[place].load();
            sum.add(word);
            each(word);
        }
        return sum.value() == first[2].load();
    }

    [[nodiscard]] bool is_of(std::size_t block, std::uint64_t cell_word) const noexcept
    {
        return block < in_.notes.size() &&
               detail::map_number(in_.notes[block].owner.load()) == detail::map_number(cell_word);
    }

    [[nodiscard]] std::uint64_t draw()
    {
        std::uint64_t number = 0;
        while (number == 0) {
            before_();
            number = (in_.head->drawn.fetch_add(1) + 1) & detail::map_number_mask;
        }
        return number;
    }

    [[nodiscard]] std::uint64_t second() const noexcept
    {
        const auto since = std::chrono::floor<seconds>(clock_().time_since_epoch()).count();
        return static_cast<std::uint64_t>(since) & detail::map_second_mask;
    }

    void put(const draft& to, std::size_t place, std::uint64_t word)
    {
        before_();
        // Behind the block's claim, for readers who still copy what was here.
        in_.blocks[to.blocks[place / map_block_words]].data[place % map_block_words].store(
            word, std::memory_order_release);
    }

    bool free(std::size_t at, std::uint64_t owner)
    {
        before_();
        if (!in_.notes[at].owner.compare_exchange_strong(owner, 0))
            return false;
        // Low ones are used first, so that memory that was never needed is never touched; but
        // nobody shall look for long for the one that is free.
        const std::uint64_t hint = in_.head->hint.load();
        if (at < hint || hint >= in_.notes.size() || in_.notes[hint].owner.load() != 0)
            in_.head->hint.store(at);
        return true;
    }

    template <class T, class F>
    static void for_some(std::span<T> of, std::atomic<std::uint64_t>& next, std::size_t how_many,
                         F each)
    {
        how_many = std::min(how_many, of.size());
        const std::size_t from = next.fetch_add(how_many, std::memory_order_relaxed);
        for (std::size_t i = 0; i < how_many; ++i)
            each(of[(from + i) % of.size()]);
    }

    std::size_t sweep_cell(const record& at, care how, std::int64_t now)
    {
        if (at.word == 0)
            return 0;
        if (now < at.until) {
            if (how == care::whether_it_is_whole)
                static_cast<void>(read(at, [](std::uint64_t) noexcept {}));
            return 0;
        }
        const auto freed = take_out(at);
        if (freed)
            in_.head->expired.fetch_add(1, std::memory_order_relaxed);
        return freed.value_or(0);
    }

    /// Was it a dead one's?
    bool sweep_note(map_note& note)
    {
        const std::uint64_t owner = note.owner.load();
        if (owner == 0)
            return false;
        const std::size_t cell = detail::map_link_cell(note.link.load());
        const std::size_t set = cell / map_set::ways;
        if (set < in_.sets.size() &&
            detail::map_number(in_.sets[set].cells[cell % map_set::ways].load()) ==
                detail::map_number(owner))
            return false;
        const std::uint64_t age = (second() - owner) & detail::map_second_mask;
        constexpr std::uint64_t patience = expiring_map::patience.count();
        // Claimed just now by somebody whose clock is ahead of ours: not two years ago.
        const bool is_ahead = age > detail::map_second_mask - patience;
        const auto at = static_cast<std::size_t>(&note - in_.notes.data());
        if (age < patience || is_ahead || !free(at, owner))
            return false;
        in_.head->recovered.fetch_add(1, std::memory_order_relaxed);
        return true;
    }

    map_parts in_;
    steady_time (*clock_)() noexcept;
    Probe& before_;
};

}  // namespace cohort::board
