#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/log_file.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace cohort::primary {

/// Who wrote it. A value.
struct writer {
    std::uint32_t worker = 0;
    std::uint32_t slot = 0;
};

/// Puts every line that comes out of `from` into `into`, or into the log if that is nothing, until
/// its last writer has closed it: JSON objects as they are, other lines in an object that names
/// worker, slot and `stream`.
///
/// Never waits for who reads the log: lines for which there is no room are dropped and counted
/// (log_sink). What does not fit into a line is cut off, which the log says at the end.
/// Deadline: none, it is the life of the writer and of whoever has inherited its stream.
[[nodiscard]] awaitable<> write_down_output(unique_fd from, writer by, std::string stream,
                                            std::shared_ptr<log::outlet> into);

}  // namespace cohort::primary
