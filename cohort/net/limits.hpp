#pragma once
// How many descriptors this process may have.

#include <cohort/base/error.hpp>

#include <cstdint>

namespace cohort::net {

/// Raises the soft limit of open descriptors to the hard one, and says what it is now. A server
/// that is limited to 1,024 connections by a default of 1983 is a trap; select(2), the reason for
/// it, is not used here. Call in the primary before the first fork: children inherit it.
/// Errors: EPERM.
[[nodiscard]] result<std::uint64_t> raise_descriptor_limit();

}  // namespace cohort::net
