#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cohort::observe {

/// A stretch of a file, in memory with some of what lies before and behind it.
struct file_stretch {
    std::string_view text;
    std::uint64_t at = 0;   ///< where in the file the text begins
    std::size_t begin = 0;  ///< of the text: that is where the stretch begins
    std::size_t end = 0;    ///< and where it ends
    bool last = true;       ///< the file ends with the text
};

/// Looks in a file for a piece of a log: lines that somebody was killed over when they were to be
/// written at once. All, some or none of them are there.
///
/// A kill cuts a write(2) to a file where a page of the file begins (generic_perform_write looks
/// for it once a page), or at its very beginning; or where a page of the writer's memory begins, if
/// the kernel had taken that one away (to reclaim or to move it). What another process appends
/// follows directly: the half of a line and a line of its own are one then. That is told by how its
/// line begins: as ours do. What is no such half for certain is left alone.
class piece_search {
public:
    /// The beginning of a line of the piece, without its end.
    struct half_line {
        std::uint64_t at = 0;    ///< where it is in the file
        std::size_t begin = 0;   ///< and in the piece
        std::size_t length = 0;  ///< 0: there is none
    };

    /// What is in the text besides the stretch must be so much: to tell where a line begins, and to
    /// see all of a piece that begins at the end of the stretch.
    static constexpr std::size_t margin_before = 1;
    [[nodiscard]] std::size_t margin_behind() const noexcept { return piece_.size() + mark_most; }

    /// `piece` begins with a line, and is not empty; `page_bytes` is the kernel's, and `in_page`
    /// says how far behind the beginning of a page the piece was in the writer's memory. Lifetime:
    /// of the piece's text.
    piece_search(std::string_view piece, std::size_t page_bytes, std::size_t in_page = 0) noexcept;

    /// Looks at all that begins within the stretch. Order: from the end of a file to its beginning.
    void look_at(const file_stretch& where) noexcept;

    /// There is nothing better to be found.
    [[nodiscard]] bool over() const noexcept;
    /// So many bytes of the piece are there, in whole lines.
    [[nodiscard]] std::size_t whole() const noexcept { return whole_; }
    /// Halves of the line after those. Of the first one there may be some that others have left,
    /// who were killed in the same moment, and whose lines begin as it does.
    [[nodiscard]] std::span<const half_line> halves() const noexcept
    {
        return {halves_.data(), halves_count_};
    }

    /// May this half end before `after`, which is nothing at the end of the file?
    [[nodiscard]] bool ends_before(std::string_view after, const half_line& half) const noexcept;

private:
    void find_whole_lines(const file_stretch& in) noexcept;
    void find_first_halves(const file_stretch& in) noexcept;
    void find_first_half(const file_stretch& in, std::size_t end) noexcept;
    void find_first_half_of(const file_stretch& in, std::size_t length) noexcept;
    void judge_first_half(const file_stretch& in, std::size_t begin, std::size_t end) noexcept;
    [[nodiscard]] std::size_t half_behind(const file_stretch& in, std::size_t begin,
                                          std::size_t same, std::size_t whole) const noexcept;
    [[nodiscard]] bool begins_line(const file_stretch& in, std::size_t at) const noexcept;
    void keep_half(const half_line& which) noexcept;

    /// So many bytes of a line tell that it is one of a log like ours.
    static constexpr std::size_t mark_most = 8;
    static constexpr std::size_t mark_least = 4;
    static constexpr std::size_t halves_max = 8;
    /// So much is compared, or else equal lines by the million would take for ever.
    static constexpr std::size_t compared_max = std::size_t{64} << 20;

    std::string_view piece_;
    std::string_view first_;  // its first line
    std::string_view mark_;   // how that begins; empty: it tells nothing
    std::uint64_t page_;
    std::size_t in_page_;
    std::size_t whole_ = 0;
    std::array<half_line, halves_max> halves_{};
    std::size_t halves_count_ = 0;
    std::size_t compared_ = 0;
};

}  // namespace cohort::observe
