#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/log_filter.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace cohort::dashboard {

/// The last wanted lines of a log, the oldest first; at most `lines` of them, out of the last 8 MiB
/// of the file. Blocks: on a lane. Errors: those of read(2).
[[nodiscard]] result<std::vector<std::string>>
log_tail(const unique_fd& file, const observe::log_filter& wanted, std::size_t lines);

}  // namespace cohort::dashboard
