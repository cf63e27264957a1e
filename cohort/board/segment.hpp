#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/detail/sealed_memory.hpp>
#include <cohort/board/ids.hpp>
#include <cohort/board/layout.hpp>
#include <cohort/board/quarantine.hpp>
#include <cohort/board/tickets.hpp>

#include <cstddef>
#include <cstdint>

namespace cohort::board {

/// The scoreboard: one row a slot, and what else all processes of the cohort share, in memory that
/// every one of them maps. A resource.
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

    /// To be sent to others. Close-on-exec.
    [[nodiscard]] const unique_fd& fd() const noexcept { return memory_.fd(); }

    [[nodiscard]] unsigned slots() const noexcept { return slots_; }
    [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }

    /// The row of slot `index`, which is less than slots().
    [[nodiscard]] slot& row(unsigned index) const noexcept;
    /// How that slot's answers went.
    [[nodiscard]] answer_cells& answers(unsigned index) const noexcept;

    /// Views of what is not any slot's own; valid as long as the segment, wherever it is moved.
    [[nodiscard]] board::ids ids() const noexcept;
    [[nodiscard]] board::quarantine quarantine() const noexcept;
    [[nodiscard]] board::tickets tickets() const noexcept;
    [[nodiscard]] board::commons commons() const noexcept;

private:
    segment(detail::sealed_memory memory, const header& head) noexcept;

    template <class T>
    [[nodiscard]] T& part(std::size_t at) const noexcept;

    detail::sealed_memory memory_;
    unsigned slots_ = 0;
    std::uint32_t generation_ = 0;
};

}  // namespace cohort::board
