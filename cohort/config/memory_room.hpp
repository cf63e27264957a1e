#pragma once
// How limit.memory is divided. No control group here: config does not look at the world.

#include <cohort/config/settings.hpp>

#include <cstdint>
#include <string>

namespace cohort::config {

/// What a journal has for requests and answers under way where nothing limits it.
inline constexpr std::uint64_t journal_bytes_most = std::uint64_t{256} << 20;

/// The same under these settings. Whatever is in it outlives the worker that put it there, and
/// still counts in the group of its successor: that one must have as much again to live in.
[[nodiscard]] std::uint64_t journal_bytes(const settings& of) noexcept;

/// Why limit.memory is narrow, with numbers; empty: it is not, as far as settings can tell.
[[nodiscard]] std::string narrow_memory(const settings& of);

}  // namespace cohort::config
