#pragma once

#include <cohort/board/detail/map_space.hpp>
#include <cohort/board/detail/map_words.hpp>
#include <cohort/board/expiring_map.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::board {

/// One operation on a map. `Probe`: see map_space.
///
///     claim blocks | write | cell: old word -> new word | free the old blocks
template <class Probe>
class map_work {
public:
    using key = expiring_map::key;
    using entry = expiring_map::entry;
    using outcome = expiring_map::outcome;

    map_work(const expiring_map& in, Probe& before) noexcept
        : in_{in.in_},
          spare_{in.spare_blocks_},
          how_{in.how_},
          before_{before},
          space_{in.in_, in.clock_, before}
    {}

    std::optional<std::string> get(const key& of, std::int64_t now)
    {
        std::string bytes;
        for (int i = 0; i < attempts_max; ++i) {
            const auto at = find(of);
            if (!at || is_over(*at, now))
                return std::nullopt;
            switch (read(*at, bytes)) {
                case reading::whole:
                    return bytes;
                case reading::torn:
                    return std::nullopt;
                case reading::changed:
                    break;
            }
        }
        return std::nullopt;
    }

    outcome put(const key& of, const entry& what, std::int64_t now)
    {
        draft made;
        for (int i = 0; i < attempts_max; ++i) {
            const auto there = find(of);
            const auto to = there ? there : find_room(of, now);
            if (!to || !space_for(made, what, now, {to->cell, there ? 0 : spare_}))
                break;
            if (!publish(made, *to, of, what))
                continue;
            if (to->word != 0 && !there)
                count(to->until <= now ? &map_head::expired : &map_head::evicted);
            return outcome::done;
        }
        return refuse(made);
    }

    /// With `seen`: if that is what is there.
    outcome replace(const key& of, const std::string_view* seen, const entry& what,
                    std::int64_t now)
    {
        draft made;
        std::string bytes;
        for (int i = 0; i < attempts_max; ++i) {
            const auto at = find(of);
            if (!at || is_over(*at, now))
                return give_up(made, outcome::absent);
            if (seen != nullptr) {
                const reading found = read(*at, bytes);
                if (found == reading::changed)
                    continue;
                if (found == reading::torn)
                    return give_up(made, outcome::absent);
                if (bytes != *seen)
                    return give_up(made, outcome::done);
            }
            if (!space_for(made, what, now, {at->cell, 0}))
                break;
            if (publish(made, *at, of, what))
                return outcome::done;
        }
        return refuse(made);
    }

    outcome erase(const key& of, std::int64_t now)
    {
        // Each turn but the last is somebody else's, who has written. There is no bound: what was
        // erased shall be gone.
        bool was_there = false;
        while (const auto at = find(of)) {
            const bool counts = now < at->until;
            was_there = (space_.take_out(*at) && counts) || was_there;
        }
        return was_there ? outcome::done : outcome::absent;
    }

private:
    using draft = typename map_space<Probe>::draft;
    using record = typename map_space<Probe>::record;
    using reading = typename map_space<Probe>::reading;
    using care = typename map_space<Probe>::care;

    // Each lost race is somebody else's progress; this is a bound, not a plan.
    static constexpr int attempts_max = 1'000;
    // Sets to look at: always, so that what is over does not lie about; and when there is no room.
    static constexpr std::size_t sweep_always = 2;
    static constexpr std::size_t sweep_in_need = 128;
    // Records of which one must leave.
    static constexpr std::size_t sample = 16;

    [[nodiscard]] std::array<map_set*, 2> sets_of(const key& of) const noexcept
    {
        const std::size_t mask = in_.sets.size() - 1;
        return {&in_.sets[of[0] & mask], &in_.sets[of[1] & mask]};
    }

    [[nodiscard]] std::optional<record> find(const key& of) const
    {
        for (map_set* const set : sets_of(of)) {
            for (map_cell& cell : set->cells) {
                if (const auto found = look_at(cell, of))
                    return found;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<record> look_at(map_cell& cell, const key& of) const
    {
        for (;;) {
            const std::uint64_t word = cell.load();
            const std::size_t first = detail::map_first_block(word);
            if (word == 0 || detail::map_tag(word) != detail::map_tag(of) ||
                first >= in_.blocks.size())
                return std::nullopt;
            const auto& data = in_.blocks[first].data;
            bool same = true;
            for (std::size_t i = 0; i < of.size(); ++i)
                same = data[3 + i].load() == of[i] && same;
            const auto until = static_cast<std::int64_t>(data[0].load());
            // Otherwise it was another's while we looked.
            if (cell.load() == word)
                return same ? std::optional{record{.cell = &cell, .word = word, .until = until}}
                            : std::nullopt;
        }
    }

    [[nodiscard]] bool is_over(const record& at, std::int64_t now)
    {
        if (now < at.until)
            return false;
        if (space_.take_out(at))
            count(&map_head::expired);
        return true;
    }

    reading read(const record& at, std::string& into)
    {
        const std::size_t bytes = std::min(space_.bytes_of(at), expiring_map::bytes_max);
        into.clear();
        into.reserve(detail::words_for(bytes) * 8);
        const reading found = space_.read(at, [&](std::uint64_t word) {
            std::array<char, 8> part{};
            std::memcpy(part.data(), &word, part.size());
            into.append(part.data(), part.size());
        });
        into.resize(std::min(bytes, into.size()));
        return found;
    }

    /// Whom blocks are for. A value.
    struct purpose {
        const map_cell* cell;  // where they shall be
        std::size_t spare;     // blocks that must be left
    };
    /// Blocks for it, unless it has them; by taking them from who must leave if need be, but not
    /// from itself.
    bool space_for(draft& made, const entry& what, std::int64_t now, const purpose& why)
    {
        if (!made.blocks.empty())
            return true;
        if (what.bytes.size() > expiring_map::bytes_max)
            return false;
        // Who can evict others needs nothing to spare.
        const std::size_t spare = how_ == when_full::evict ? 0 : why.spare;
        const typename map_space<Probe>::want want{detail::map_blocks_for(what.bytes.size()),
                                                   spare};
        space_.sweep(sweep_always, care::whether_it_is_whole, now);
        bool enough = space_.claim(made, want);
        if (!enough && space_.sweep(sweep_in_need, care::whether_it_is_over, now) > 0)
            enough = space_.claim(made, want);
        // Others may be faster to claim what we free.
        for (int i = 0; !enough && how_ == when_full::evict && i < 4; ++i) {
            evict(want.blocks - made.blocks.size(), why.cell);
            enough = space_.claim(made, want);
        }
        return enough;
    }

    void evict(std::size_t blocks, const map_cell* own)
    {
        std::size_t freed = 0;
        for (std::size_t i = 0; freed < blocks && i < blocks; ++i) {
            const record victim = space_.find_victim(sample, own);
            if (victim.cell == nullptr)
                continue;
            if (const auto its = space_.take_out(victim)) {
                freed += *its;
                count(&map_head::evicted);
            }
        }
    }

    /// A cell for a new key, in the emptier of its sets: one that is free, or whose record is over,
    /// or (evict) the one that expires first.
    [[nodiscard]] std::optional<record> find_room(const key& of, std::int64_t now)
    {
        std::optional<record> free;
        std::optional<record> oldest;
        std::size_t most = 0;
        for (map_set* const set : sets_of(of)) {
            std::size_t empty = 0;
            record one{};
            for (map_cell& cell : set->cells) {
                const record each = space_.look_at(cell);
                if (each.word == 0) {
                    ++empty;
                    one = each;
                } else if (!oldest || each.until < oldest->until) {
                    oldest = each;
                }
            }
            if (empty > most) {
                most = empty;
                free = one;
            }
        }
        if (free)
            return free;
        return oldest->until <= now || how_ == when_full::evict ? oldest : std::nullopt;
    }

    /// The one step that counts. False: the cell is not as it was, or we were taken for dead.
    bool publish(draft& made, const record& to, const key& of, const entry& what)
    {
        space_.write(made, index_of(to.cell), of, what);
        if (!space_.is_ours(made)) {
            // Begin anew, with blocks that are claimed just now.
            space_.release(made);
            made = {};
            return false;
        }
        std::uint64_t word = to.word;
        before_();
        if (!to.cell->compare_exchange_strong(
                word,
                detail::map_cell_word(detail::map_number(made.owner), of, made.blocks.front())))
            return false;
        if (to.word != 0)
            space_.free_chain(to.word);
        return true;
    }

    [[nodiscard]] std::size_t index_of(const map_cell* cell) const noexcept
    {
        const auto* const first = reinterpret_cast<const std::byte*>(in_.sets.data());
        const auto* const at = reinterpret_cast<const std::byte*>(cell);
        return static_cast<std::size_t>(at - first) / sizeof(map_cell);
    }

    outcome give_up(draft& made, outcome so)
    {
        space_.release(made);
        return so;
    }
    outcome refuse(draft& made)
    {
        count(&map_head::refused);
        return give_up(made, outcome::full);
    }

    void count(std::atomic<std::uint64_t> map_head::* what) const noexcept
    {
        (in_.head->*what).fetch_add(1, std::memory_order_relaxed);
    }

    map_parts in_;
    std::size_t spare_;
    when_full how_;
    Probe& before_;
    map_space<Probe> space_;
};

}  // namespace cohort::board
