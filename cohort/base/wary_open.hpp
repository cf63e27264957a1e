#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <fcntl.h>
#include <sys/types.h>

#include <string>

namespace cohort {

/// Opens a regular file in a folder that may belong to somebody else, who could have `path` mean
/// another file than ours. Never waits, as for who writes to a FIFO; close-on-exec.
///
/// What is read is shown to others, and root may write everywhere: then no link is followed, and no
/// file is taken that is neither ours nor root's, or that has another name.
/// @param how  O_RDONLY, or O_WRONLY with what belongs to it
/// Errors: errno of open(2); errc::bad_value, it is not such a file.
[[nodiscard]] result<unique_fd> wary_open(const std::string& path, int how, mode_t mode = 0);

}  // namespace cohort
