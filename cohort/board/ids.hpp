#pragma once

#include <cohort/board/layout.hpp>

#include <atomic>
#include <cstdint>

namespace cohort::board {

/// Numbers for workers, each given once in the life of a cohort, whoever asks and whoever dies. A
/// view of the scoreboard. Lifetime: the segment's.
class ids {
public:
    explicit ids(counters& in) noexcept
        : in_{&in}
    {}

    /// The next one, from 1. Any process.
    [[nodiscard]] std::uint32_t draw() const noexcept
    {
        return in_->last_worker_id.fetch_add(1, std::memory_order_acq_rel) + 1;
    }
    /// The last that was drawn; 0: none.
    [[nodiscard]] std::uint32_t last() const noexcept
    {
        return in_->last_worker_id.load(std::memory_order_acquire);
    }

private:
    counters* in_;
};

}  // namespace cohort::board
