#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/layout.hpp>

#include <cstddef>
#include <cstdint>

namespace cohort::board {

/// The scoreboard: one row a slot in memory that every process of the cohort maps. A resource.
///
/// A memfd, sized once and sealed: nobody, not even we, can shrink it under a reader (that would
/// be SIGBUS) or grow it. Mapped before the first fork, or attached by its descriptor.
class segment {
public:
    /// What a new segment is for.
    struct plan {
        unsigned slots = 1;  ///< 1 to slots_max
        std::uint32_t generation = 1;
    };

    /// Makes one; all rows are vacant.
    /// Errors: errc::bad_value, slots out of range; EMFILE, ENOMEM.
    [[nodiscard]] static result<segment> create(const plan& what);
    [[nodiscard]] static result<segment> create(unsigned slots)
    {
        plan what;
        what.slots = slots;
        return create(what);
    }

    /// Maps one that came over a channel or an exec.
    /// Errors: errc::board_layout_mismatch, not a board, not sealed, or of another build (give
    ///         up); ENOMEM.
    [[nodiscard]] static result<segment> attach(unique_fd fd);

    segment(segment&& other) noexcept;
    segment& operator=(segment&& other) noexcept;
    segment(const segment&) = delete;
    segment& operator=(const segment&) = delete;
    ~segment();

    /// To be sent to others. Close-on-exec.
    [[nodiscard]] const unique_fd& fd() const noexcept { return fd_; }

    [[nodiscard]] unsigned slots() const noexcept { return slots_; }
    [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }

    /// The row of slot `index`, which is less than slots().
    [[nodiscard]] slot& row(unsigned index) const noexcept;

private:
    segment(unique_fd fd, void* memory, const header& head) noexcept;

    unique_fd fd_;
    std::byte* memory_ = nullptr;
    std::size_t size_ = 0;
    unsigned slots_ = 0;
    std::uint32_t generation_ = 0;
};

}  // namespace cohort::board
