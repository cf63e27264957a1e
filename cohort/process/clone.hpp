#pragma once

#include <cohort/base/error.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/child_side.hpp>
#include <cohort/process/memory_group.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/sandbox.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::process {

/// How a copy of this process starts its own life.
struct birth {
    std::string title;      ///< for ps; empty: ours
    std::vector<int> keep;  ///< descriptors that stay open besides 0, 1 and 2
    std::optional<credentials> user;
    /// What it cannot do; nothing: what its user can do, it can. With `later` it
    /// gives up its capabilities, and enters the rest itself (sandbox::enter()).
    std::shared_ptr<const sandbox> box;
    enum class entering : std::uint8_t { now, later } sandbox_entry = entering::now;
    parent_death orphan = parent_death::kill();
    memory_group_ptr group;  ///< what it has in memory is bounded there; nullptr: it is not
};

/// Forks this process. The copy takes the steps of a newborn, runs `life` and leaves by _exit(0)
/// if `life` returns; it never sees the caller's stack frames again.
///
/// Errors: EAGAIN, no more processes allowed; ENOMEM (both: again later). A copy that cannot take
///         its first steps (user, parent gone) exits with code 125 and words on standard error.
/// Lifetime: `life` and what it refers to are the copy's own memory, copied by the fork.
/// Source: fork(2).
[[nodiscard]] result<child> clone(fork_permit permit, const birth& how,
                                  std::move_only_function<void() noexcept> life);

}  // namespace cohort::process
