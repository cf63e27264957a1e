#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/board/ledger.hpp>
#include <cohort/board/tickets.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/primary/parcel.hpp>

#include <cstdint>
#include <optional>

namespace cohort::primary {

/// Says whose an accepted connection is, so that it can be said again when we, or the worker, are
/// dead: by a ticket while it is on its way, and by the ledger. A value; without a root it does
/// nothing, and the worker's confirmation is all there is.
///
/// Order of the words: a descriptor is noted before its ticket decides, and closed before its note
/// is taken away, so that a note never speaks of a later connection with the same number.
class custody {
public:
    custody() noexcept = default;
    custody(const board::ledger& book, board::tickets tickets) noexcept
        : book_{&book}, tickets_{tickets}
    {}

    [[nodiscard]] bool is_kept() const noexcept { return book_ != nullptr; }

    /// It is ours, and waits.
    void accepted(const parcel& what) const noexcept;
    /// It is about to be given to the slot; its ticket, or 0. Nothing: none is left, it must wait.
    [[nodiscard]] std::optional<std::uint32_t> offer(parcel& what, std::uint32_t slot) const;
    /// It was offered, or even given, and shall be ours again. False: a worker has it; finish() it.
    [[nodiscard]] bool reclaim(parcel& what) const noexcept;
    /// A worker has it, or nobody wants it: closes our copy.
    void finish(parcel what) const noexcept;
    /// Out of an inbox, where a worker had put it. Nothing: its ticket says that it is not ours.
    [[nodiscard]] std::optional<parcel> receive(net::arrival got, steady_time when) const noexcept;
    /// A worker has it, although nobody said so.
    [[nodiscard]] bool was_taken(const parcel& what) const noexcept;

private:
    const board::ledger* book_ = nullptr;
    std::optional<board::tickets> tickets_;
};

}  // namespace cohort::primary
