#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cohort::observe {

/// Lines on their way out, in memory that may outlive the process: a successor that maps the same
/// memory finds those that its predecessor has not written. A view; one process at a time writes.
///
/// The process may die between any two instructions. A line is there once `end` covers it. What is
/// about to be written is claimed before: of that a successor cannot know whether it was written,
/// and a kill may cut a long write(2). It asks who was to get it, and settles what is doubted.
///
/// Fresh memory is all zeros, and means: nothing waits.
class line_ring {
public:
    /// Bytes of it that are not lines.
    static constexpr std::size_t head_bytes = 64;

    line_ring() noexcept = default;  ///< Of no memory: nothing fits.
    /// `memory` is aligned to 8 bytes, and larger than head_bytes. Words in it that make no sense
    /// are taken for nothing: a wild pointer of a dying process may have been there.
    /// Lifetime: of `memory`.
    explicit line_ring(std::span<std::byte> memory) noexcept;

    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] std::size_t capacity() const noexcept { return room_.size(); }

    /// False: there is no room; then nothing changes.
    [[nodiscard]] bool append(std::string_view line) noexcept;

    /// What waits at the front: `most` bytes or fewer. What goes over the edge of the memory is put
    /// together in `scratch`, and is no longer than that.
    [[nodiscard]] std::string_view front(std::size_t most, std::span<char> scratch) const noexcept;

    /// About to write so many bytes of the front; followed by written().
    void claim(std::size_t bytes) noexcept;
    /// So many of them were.
    void written(std::size_t bytes) noexcept;
    /// So many bytes of the front are claimed: over them a predecessor died, and who maps the
    /// memory after it settles that by written() before anything else. 0: there is no doubt.
    [[nodiscard]] std::size_t doubted() const noexcept;

    /// Has what waits in this process's pages. A write(2) that comes to a page which this process
    /// has never seen stops there to fetch it (seen on Linux 6.18), and a kill would cut it in the
    /// middle of a page of the file, where piece_search does not look for half lines.
    void touch() const noexcept;
    void clear() noexcept { written(size()); }

    /// What waits begins in the middle of a line, of which the beginning was written.
    [[nodiscard]] bool begins_within_line() const noexcept;

private:
    /// Positions of bytes since the ring was last empty. `begin` after `end`: it is empty.
    struct head {
        std::atomic<std::uint64_t> begin;
        std::atomic<std::uint64_t> end;
        std::atomic<std::uint64_t> claimed;      // behind the last byte; at most begin: none
        std::atomic<std::uint64_t> within_line;  // begin, if that is not where a line begins
    };
    static_assert(sizeof(head) <= head_bytes);

    head* head_ = nullptr;
    std::span<char> room_;
};

}  // namespace cohort::observe
