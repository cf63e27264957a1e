#pragma once

#include <cstddef>
#include <string>

namespace cohort::crypto {

/// `count` bytes that nobody can guess, straight from the kernel (getrandom(2)): no state of ours
/// that a fork could double.
[[nodiscard]] std::string random_bytes(std::size_t count);

/// The same, into memory of the caller's.
void fill_random(char* into, std::size_t count) noexcept;

}  // namespace cohort::crypto
