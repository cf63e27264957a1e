#pragma once
// Where a newborn twin waits until its keeper has everything in its place. Closed to other rooms.

#include <cohort/base/error.hpp>

#include <atomic>
#include <cstdint>

namespace cohort::process::detail {

/// A count of births in shared memory that only grows. Never unmapped: it lives as long as the
/// keeper. A view.
class twin_gate {
public:
    /// Errors: ENOMEM.
    [[nodiscard]] static result<twin_gate> create();

    /// The keeper: births up to `serial` are settled.
    void open(std::uint32_t serial) const noexcept;
    /// The newborn: waits for that. Deadline: none; a newborn dies with its keeper.
    void pass(std::uint32_t serial) const noexcept;

private:
    explicit twin_gate(std::atomic<std::uint32_t>* word) noexcept
        : word_{word}
    {}
    std::atomic<std::uint32_t>* word_;
};

}  // namespace cohort::process::detail
