#pragma once
// Primary or worker: decided once, by what this process was born with.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <cstdint>

namespace cohort {

class worker;

namespace detail {

/// The channel that an exec'ed worker was given in its environment; the variables are removed, so
/// that its own children are not workers. Not valid() in a primary.
/// Errors: errc::malformed, the variables make no sense; EBADF.
[[nodiscard]] result<unique_fd> take_channel_from_environment();

/// From now on this process is a worker, and this is it.
void become_worker(worker* who) noexcept;

/// Forked children call it first: they are workers from birth on.
void born_as_worker() noexcept;

}  // namespace detail

}  // namespace cohort
