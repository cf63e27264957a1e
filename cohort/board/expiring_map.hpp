#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/board/expiring_map_layout.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cohort::board {

/// How large a map is. A value.
struct map_shape {
    /// What it has room for at least, if the bytes suffice.
    std::size_t entries;
    /// For entries: each takes its value and 56 bytes, in blocks of 256.
    std::size_t bytes;

    /// As they lie in memory.
    [[nodiscard]] std::size_t sets() const noexcept;
    [[nodiscard]] std::size_t blocks() const noexcept;
    /// Blocks that new keys leave free, so that a full map can still change what is in it.
    [[nodiscard]] std::size_t spare_blocks() const noexcept;
    [[nodiscard]] std::size_t area_bytes() const noexcept;
};

/// What a full map does with what is new: nothing, or it takes the place of what would expire
/// first.
enum class when_full : std::uint8_t { refuse, evict };

/// Values in shared memory that expire, by keys that are hashes. Any number of writers and readers
/// in any processes, which may die or stall at any instruction; nobody waits for anybody. A view; a
/// value. Lifetime: the area's.
///
/// A value is written into blocks that nobody else has, and then becomes its key's by one exchange
/// of the key's cell, which is also how it is removed. So readers see the old value or the new one;
/// and who writes for longer than another takes to remove the key finds another cell than it
/// expected, and has written nothing.
///
/// What the dead had claimed is recovered when it is needed. Who stalls while it writes for longer
/// than `patience` may find its blocks taken; should it go on just then, its bytes fall into
/// another's value, which the checksum tells: that value is gone (`torn`), and never mistaken.
class expiring_map {
public:
    using key = std::array<std::uint64_t, 4>;

    /// Longer than any writer takes that is not dead or stopped.
    static constexpr seconds patience{10};
    static constexpr std::size_t bytes_max = 65'536;

    /// @param area   map_shape::area_bytes(), at a page; zeros, or what such a map left there
    /// @param clock  of the dead; for tests
    expiring_map(std::span<std::byte> area, const map_shape& shape,
                 when_full how = when_full::refuse,
                 steady_time (*clock)() noexcept = &now_coarse) noexcept;

    // Below, `now` and `until` are of one clock of the caller's: a value is there while now <
    // until.

    [[nodiscard]] std::optional<std::string> get(const key& of, std::int64_t now) const;

    struct entry {
        std::string_view bytes;
        std::int64_t until;
    };
    /// full: also what is longer than bytes_max.
    enum class outcome : std::uint8_t { done, absent, full };

    /// Whether there is something of that key or not. Order: a new key is put by one at a time.
    [[nodiscard]] outcome put(const key& of, entry what, std::int64_t now) const;

    /// If there is something of that key; the last one counts.
    [[nodiscard]] outcome replace(const key& of, entry what, std::int64_t now) const;

    /// If what is there is `seen`. done, too, if it is something else meanwhile, which then stays.
    [[nodiscard]] outcome renew(const key& of, std::string_view seen, entry what,
                                std::int64_t now) const;

    [[nodiscard]] outcome erase(const key& of, std::int64_t now) const;

    /// What is there, expired or not. Looks at every cell.
    [[nodiscard]] std::size_t size() const noexcept;

    /// Since the area was made. A value.
    struct totals {
        std::uint64_t expired = 0;    ///< removed since they were over
        std::uint64_t evicted = 0;    ///< removed before that: when_full::evict
        std::uint64_t refused = 0;    ///< found no room
        std::uint64_t recovered = 0;  ///< blocks that the dead had
        std::uint64_t torn = 0;       ///< values that were not whole, and are gone
    };
    [[nodiscard]] totals total() const noexcept;

private:
    template <class Probe>
    friend class map_work;

    map_parts in_;
    std::size_t spare_blocks_;
    when_full how_;
    steady_time (*clock_)() noexcept;
};

}  // namespace cohort::board
