#pragma once

#include <cohort/base/unique_fd.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::process {

/// What a process has of the machine's memory: its own pages, and its share of those that it has in
/// common with others (PSS), in bytes. Walks its page tables: about a millisecond for each GiB.
/// Nothing: it is gone, or we may not look (other users' processes).
/// Source: proc(5), smaps_rollup.
[[nodiscard]] std::optional<std::uint64_t> memory_share(pid_t pid);

/// The same out of its smaps_rollup, which somebody has opened who may look: as it is now, however
/// long that is ago. Nothing: it is gone, or has become another program.
[[nodiscard]] std::optional<std::uint64_t> memory_share_in(const unique_fd& smaps_rollup);

/// All pages that a process has in memory, shared or not, in bytes: never less than its share, and
/// read in microseconds. Nothing: it is gone.
/// Source: proc(5), statm.
[[nodiscard]] std::optional<std::uint64_t> memory_resident(pid_t pid);

/// The figure in such a text. Nothing: there is none.
[[nodiscard]] std::optional<std::uint64_t> parse_memory_share(std::string_view smaps_rollup);

}  // namespace cohort::process
