#pragma once

#include <sys/types.h>

namespace cohort {

/// getpid(2), but for a load where it was asked before: the kernel empties the page where it is
/// kept in whatever is forked or cloned from here (MADV_WIPEONFORK, Linux 4.14). Any thread.
[[nodiscard]] pid_t process_id() noexcept;

}  // namespace cohort
