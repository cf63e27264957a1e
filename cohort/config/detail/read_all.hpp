#pragma once
// A descriptor to its end. Closed to other rooms.

#include <cohort/base/error.hpp>

#include <cstddef>
#include <string>

namespace cohort::config::detail {

/// Everything up to the end. Errors: errno of read(2); errc::too_large, more than `most` bytes.
[[nodiscard]] result<std::string> read_all(int fd, std::size_t most, const std::string& name);

}  // namespace cohort::config::detail
