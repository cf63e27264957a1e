#pragma once

#include <cstddef>
#include <string_view>

namespace cohort::crypto {

/// Whether both are the same, in a time that depends on their lengths alone: for digests, codes and
/// ids, whose first wrong byte an attacker must not learn. Lengths are no secret.
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

/// Overwrites `bytes` in a way that no optimiser leaves out.
void wipe(char* bytes, std::size_t count) noexcept;

}  // namespace cohort::crypto
