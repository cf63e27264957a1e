#pragma once
// What a keeper has to tell, in order, while the line has no room. Closed to other rooms.

#include <cohort/process/keeper.hpp>

#include <array>
#include <cstddef>

namespace cohort::process::detail {

/// A short queue of notes. A value; allocates nothing.
///
/// Bounded by the number of twins: while births wait here, so does everything else, and a twin that
/// dies before its birth was told takes both notes with it.
class keeper_post {
public:
    static constexpr std::size_t notes_max = 24;

    /// How far telling got.
    enum class outcome { told, no_room, again_later, line_over };

    /// A birth: the descriptors stay the caller's, and open until it is told.
    struct cargo {
        int channel;
        int pidfd;
    };
    static constexpr cargo none{-1, -1};

    void put(const keeper_note& note) noexcept { put(note, none); }
    void put(const keeper_note& note, cargo with) noexcept;

    /// Forgets the birth of `pid` if it waits here: true. It need not be told as dead either.
    bool cancel_birth(int pid) noexcept;

    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    void clear() noexcept { count_ = 0; }

    /// Tells all it can. `told(channel)` is called for each birth that was told, with the number of
    /// the channel that may be closed now.
    template <class Told>
    [[nodiscard]] outcome tell(int line, Told told) noexcept
    {
        while (count_ > 0) {
            const entry first = entries_[0];
            const outcome how = send(line, first);
            if (how != outcome::told)
                return how;
            remove(0);
            if (first.with.channel != -1)
                told(first.with.channel);
        }
        return outcome::told;
    }

private:
    struct entry {
        keeper_note note{};
        cargo with = none;
    };

    [[nodiscard]] static outcome send(int line, const entry& what) noexcept;
    void remove(std::size_t index) noexcept;

    std::array<entry, notes_max> entries_{};
    std::size_t count_ = 0;
};

}  // namespace cohort::process::detail
