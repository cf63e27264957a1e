#pragma once
// How many descriptors this process may have, and how many of them connections may use.

#include <cohort/base/error.hpp>

#include <cstdint>

namespace cohort::net {

/// Raises the soft limit of open descriptors to the hard one, and says what it is now. A server
/// that is limited to 1,024 connections by a default of 1983 is a trap; select(2), the reason for
/// it, is not used here. Call in the primary before the first fork: children inherit it.
/// Errors: EPERM.
[[nodiscard]] result<std::uint64_t> raise_descriptor_limit();

/// How many connections a process with so many descriptors should hold at most. A tenth of them, at
/// least 64, stays free for files, databases and answers to them: a process without any cannot even
/// refuse well. (Below 128 it is half of them.)
/// @param others  Descriptors that are known to be needed for something else.
[[nodiscard]] std::uint32_t connections_for(std::uint64_t descriptors,
                                            std::uint64_t others = 0) noexcept;

/// The same for this process, as it is limited now.
[[nodiscard]] std::uint32_t connections_that_fit(std::uint64_t others = 0) noexcept;

}  // namespace cohort::net
