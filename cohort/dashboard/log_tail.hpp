#pragma once

#include <cohort/base/error.hpp>
#include <cohort/observe/log_filter.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace cohort::dashboard {

/// The last wanted lines of a log, the oldest first; at most `lines` of them, out of the last 8 MiB
/// of the file. Blocks: on a lane.
/// Errors: those of wary_open(), and of read(2).
[[nodiscard]] result<std::vector<std::string>>
log_tail(const std::filesystem::path& file, const observe::log_filter& wanted, std::size_t lines);

/// Likewise, of the file that this process has as its standard output, whoever owns it.
/// Errors: errno of open(2) and read(2); errc::bad_value, it is no file that could be read again.
[[nodiscard]] result<std::vector<std::string>> tail_of_output(const observe::log_filter& wanted,
                                                              std::size_t lines);

/// The whole of a file of text, the first MiB of a longer one. Blocks: on a lane.
/// Errors: those of log_tail().
[[nodiscard]] result<std::string> text_of_file(const std::filesystem::path& file);

}  // namespace cohort::dashboard
